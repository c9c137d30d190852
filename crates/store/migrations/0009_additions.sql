-- What is added to messages after they were sent: extensions, which are short pairs, and reactions. In all three
-- tables `kind` is 1 for one-to-one messages and 2 for those of groups and topics, and `number` names a message of
-- the lane: in 1 its id, in 2 its `seq`.

create table message_additions (
  kind bigint not null,
  lane bigint not null,
  number bigint not null,
  -- How often the extensions were changed, and which of these changes was the last that removed all.
  extension_seq bigint not null,
  clear_seq bigint not null,
  -- How often somebody reacted.
  reacted bigint not null,
  primary key (kind, lane, number)
);

create table message_extensions (
  kind bigint not null,
  lane bigint not null,
  number bigint not null,
  name idtext not null,
  value text not null,
  -- The change that wrote it; a pair that was removed with all others keeps the one before.
  seq bigint not null,
  -- 0 for one that was removed: whoever reads on from an earlier change must hear of it.
  live bigint not null,
  primary key (kind, lane, number, name)
);
create index message_extensions_by_seq on message_extensions (kind, lane, number, seq, name);

create table message_reactions (
  kind bigint not null,
  lane bigint not null,
  number bigint not null,
  reaction idtext not null,
  user_id idtext not null,
  -- Grows with each reaction to the message.
  place bigint not null,
  primary key (kind, lane, number, reaction, user_id)
);

-- When a user does not want to be disturbed, as it was set; nothing for who never set it.
create table do_not_disturb (
  app bigint not null,
  user_id idtext not null,
  -- 0 off, 1 discard, 2 silent.
  level bigint not null,
  start_at bigint not null,
  end_at bigint not null,
  -- 1 for every day.
  repeated bigint not null,
  primary key (app, user_id)
);
