-- Times are Unix seconds unless a column says otherwise. Ids of users are compared byte by byte.

create table apps (
  sdkappid bigint primary key,
  settings text not null,
  created_at bigint not null
);

-- Numbers that grow; 'apps' is the version of the apps table.
create table counters (
  name text primary key,
  value bigint not null
);

create table accounts (
  app bigint not null,
  user_id text not null,
  tiny bigint not null,
  created_at bigint not null,
  -- UserSigs made before this second cannot log in.
  valid_from bigint not null,
  -- The last moment with a connection, as far as it is over; 0 before the first.
  seen_at bigint not null,
  primary key (app, user_id)
);

create table deleted_accounts (
  app bigint not null,
  user_id text not null,
  deleted_at bigint not null,
  primary key (app, user_id)
);

-- One row a profile field; `value` is the JSON literal as it was set.
create table profiles (
  app bigint not null,
  user_id text not null,
  tag text not null,
  value text not null,
  primary key (app, user_id, tag)
);

-- One row a login instance, kept after its end so that a dead token can be told why it died.
create table sessions (
  token bytea primary key,
  app bigint not null,
  user_id text not null,
  inst_id bigint not null,
  -- The page (`instanceid` of the socket's URL): 32 hex characters, as text.
  page text not null,
  platform bigint not null,
  created_at bigint not null,
  sig_hash bytea not null,
  sig_time bigint not null,
  -- When the UserSig that made it ends.
  expires_at bigint not null,
  used_at bigint not null,
  -- When its last connection was lost; 0 while connected.
  detached_at bigint not null,
  ended_at bigint not null,
  -- 0 alive, 1 other login, 2 other device, 3 kicked by REST, 4 logged out, 5 expired.
  ended_by bigint not null
);
create index sessions_by_user on sessions (app, user_id, ended_at);
create index sessions_by_end on sessions (ended_at, used_at);

-- One row for two people who ever wrote to one another; user_low < user_high byte-wise.
create table pairs (
  id bigint primary key,
  app bigint not null,
  user_low text not null,
  user_high text not null
);
create unique index pairs_by_users on pairs (app, user_low, user_high);

-- One side of a conversation: what its owner did with it. Last message and unread count are derived.
create table contacts (
  app bigint not null,
  owner text not null,
  -- 1 one-to-one, 2 group.
  kind bigint not null,
  -- The peer's user id or the group's id.
  peer text not null,
  pair bigint not null,
  -- Not later than the newest listed message and at most an hour behind it: the list is found through it.
  active_at bigint not null,
  -- Messages of the peer up to this second are read.
  read_at bigint not null,
  -- History up to and with this message is hidden: (time, seq, random).
  clear_time bigint not null,
  clear_seq bigint not null,
  clear_random bigint not null,
  -- Deleted from the list while no listed message has a greater id.
  unlisted_id bigint not null,
  -- When the conversation was emptied, pinned or created without a message; what an empty one is ordered by.
  emptied_at bigint not null,
  pinned bigint not null,
  -- 0 notify, 1 discard, 2 receive silently.
  mute bigint not null,
  primary key (app, owner, kind, peer)
);
create index contacts_by_activity on contacts (app, owner, active_at);
create index contacts_pinned on contacts (app, owner) where pinned = 1;

-- The log. `lane` = pair * 2 + direction, so that each direction is one run of the index.
create table messages (
  id integer primary key,
  lane bigint not null,
  time bigint not null,
  seq bigint not null,
  random bigint not null,
  flags bigint not null,
  crc bigint not null,
  client_time bigint not null,
  -- Counts as unread until this second for somebody who has not been online.
  waits_until bigint not null,
  version bigint not null,
  -- JSON literals, as they were at sending; empty when there were none.
  nick text not null,
  face text not null,
  cloud text not null,
  body text not null,
  revoker text not null
);
create unique index messages_by_key on messages (lane, time, seq, random);
