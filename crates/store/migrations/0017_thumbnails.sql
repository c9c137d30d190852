-- Smaller pictures that were made of uploaded ones. Their bytes lie beside those of the original.
create table thumbnails (
  -- The id in `files`.
  file idtext not null,
  -- Pixels of the shorter side.
  side bigint not null,
  -- 0: there is none, the original stands for it.
  size bigint not null,
  media_type text not null,
  primary key (file, side)
);
