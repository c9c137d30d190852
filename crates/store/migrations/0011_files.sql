-- Uploaded files. Their bytes lie elsewhere, under the name in `blob`.
create table files (
  -- Random hexadecimal digits: who knows them may read the file.
  id idtext primary key,
  app bigint not null,
  owner idtext not null,
  -- 1 image, 2 video, 3 audio, 255 any other.
  kind bigint not null,
  name text not null,
  -- 0: an upload was promised; 1: the file is stored.
  state bigint not null,
  created_at bigint not null,
  -- The upload must begin before this second.
  upload_until bigint not null,
  -- Of the latest attempt to upload; empty before the first.
  blob text not null,
  size bigint not null,
  media_type text not null,
  -- Of a picture that could be read; else 0, 0 and empty.
  width bigint not null,
  height bigint not null,
  format text not null
);
create index files_promised on files (app, owner) where state = 0;
create index files_unfinished on files (upload_until) where state = 0;
create index files_stored on files (app, created_at) where state = 1;

-- Lists of merged messages that are too long to travel inside a message.
create table merged_messages (
  app bigint not null,
  -- Random: who knows it may read the list.
  list_key idtext not null,
  owner idtext not null,
  created_at bigint not null,
  -- The JSON text, packed as frames are.
  list bytea not null,
  primary key (app, list_key)
);
create index merged_messages_by_age on merged_messages (app, created_at);
