-- What the log of a group is found by besides its numbers, and what is kept beside its messages.

-- The unread count of a member is the numbers after its read position without its own messages and without those
-- that do not count: flags 1 never counted, 4 recalled, 16 deleted, 64 targeted.
create index group_messages_by_sender on group_messages (lane, sender, seq);
create index group_messages_uncounted on group_messages (lane, seq) where (flags & 85) <> 0;

-- The newest stretch of messages of a lane that no conversation shows as its last, so that the one before it is
-- found without reading them.
create table group_unlisted (
  lane bigint primary key,
  first_seq bigint not null,
  last_seq bigint not null
);

-- Recalls in their order, for clients that were away. `at` is in microseconds and grows within a lane.
create table group_recalls (
  lane bigint not null,
  at bigint not null,
  seq bigint not null,
  primary key (lane, at)
);
create index group_recalls_by_seq on group_recalls (lane, seq);

-- Who a message that asked for receipts was sent to: a JSON list of user ids, sorted.
create table group_audiences (
  lane bigint not null,
  seq bigint not null,
  users text not null,
  primary key (lane, seq)
);

-- Mentions that mark a conversation; an empty user is everybody. The numbers are those of the reminder.
create table group_mentions (
  lane bigint not null,
  seq bigint not null,
  user_id idtext not null,
  random bigint not null,
  client_seq bigint not null,
  primary key (lane, user_id, seq)
);

-- Mentions of everybody that a user removed for itself.
create table group_mentions_seen (
  lane bigint not null,
  user_id idtext not null,
  seq bigint not null,
  primary key (lane, user_id, seq)
);

-- How far a member cleared the history of a topic.
alter table topic_members add column cleared_seq bigint not null default 0;

-- Messages as they were sent, for the hourly files: those that were modified since, and those whose group or topic
-- is gone.
create table group_originals (
  lane bigint not null,
  seq bigint not null,
  app bigint not null,
  group_id idtext not null,
  topic_id idtext not null,
  time bigint not null,
  random bigint not null,
  flags bigint not null,
  sender idtext not null,
  cloud text not null,
  body text not null,
  primary key (lane, seq)
);
create index group_originals_by_time on group_originals (time);
