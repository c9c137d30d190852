-- Beginnings of nicknames are found byte by byte.
alter table profiles alter column value type text collate "C";

-- The operators of this server, who belong to no app, and what they did.
create table console_users (
  name idtext primary key,
  -- 1 viewer, 2 operator, 3 owner.
  role bigint not null,
  -- Argon2 in its usual text form; empty until a one-time link was used.
  password text not null,
  created_at bigint not null
);

create table console_sessions (
  -- SHA-256 of what the cookie holds.
  token bytea primary key,
  name idtext not null,
  address text not null,
  created_at bigint not null,
  used_at bigint not null
);
create index console_sessions_by_name on console_sessions (name, created_at);

-- One-time links; an operator has one at most.
create table console_links (
  name idtext primary key,
  -- SHA-256 of the token in the link.
  token bytea not null,
  -- What the operator becomes who is not there yet.
  role bigint not null,
  expires_at bigint not null
);

-- Each row holds the hash of the one before, and one of its own over that and all it says.
create table console_audit (
  id bigint primary key,
  at_ms bigint not null,
  operator text not null,
  role text not null,
  address text not null,
  action text not null,
  -- 0 for what is about no app.
  app bigint not null,
  target text not null,
  -- JSON, or empty.
  detail text not null,
  previous bytea not null,
  hash bytea not null
);

-- Finding users by the beginning of their nicknames, which are JSON literals, and groups by their ids.
create index profiles_by_nick on profiles (app, substr(value, 1, 64), user_id) where tag = 'Tag_Profile_IM_Nick';
create index groups_living on groups (app, group_id) where dismissed_at = 0;
create index groups_living_by_kind on groups (app, kind, group_id) where dismissed_at = 0;
