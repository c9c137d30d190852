-- Relations, conversation labels, status, mutes, robots, operations. `idtext` is compared byte by byte.

-- `owner` has `friend` in their list; the other direction is a row of its own.
create table friends (
  app bigint not null,
  owner idtext not null,
  friend idtext not null,
  added_at bigint not null,
  -- Empty texts are unset fields.
  remark text not null,
  remark_at bigint not null,
  source text not null,
  wording text not null,
  -- Custom fields: a JSON object of tag and JSON literal, or empty.
  custom text not null,
  primary key (app, owner, friend)
);
create index friends_by_time on friends (app, owner, added_at, friend);
create index friends_by_friend on friends (app, friend, owner);

-- Named lists of friends; `id` grows with each new list of the owner.
create table friend_lists (
  app bigint not null,
  owner idtext not null,
  id bigint not null,
  name idtext not null,
  primary key (app, owner, id)
);
create unique index friend_lists_by_name on friend_lists (app, owner, name);

create table friend_list_members (
  app bigint not null,
  owner idtext not null,
  friend idtext not null,
  list bigint not null,
  primary key (app, owner, friend, list)
);
create index friend_list_members_by_list on friend_list_members (app, owner, list, friend);

create table blocks (
  app bigint not null,
  owner idtext not null,
  blocked idtext not null,
  added_at bigint not null,
  primary key (app, owner, blocked)
);
create index blocks_by_time on blocks (app, owner, added_at, blocked);
create index blocks_by_blocked on blocks (app, blocked, owner);

-- Friend requests that wait for an answer.
create table friend_requests (
  app bigint not null,
  sender idtext not null,
  receiver idtext not null,
  -- 1 when both are to get an entry.
  mutual bigint not null,
  asked_at bigint not null,
  remark text not null,
  list text not null,
  source text not null,
  wording text not null,
  primary key (app, sender, receiver)
);
create index friend_requests_by_receiver on friend_requests (app, receiver, sender);

-- How often the relations of a user changed, by kind, for incremental pulls.
create table relation_sequences (
  app bigint not null,
  user_id idtext not null,
  standard bigint not null,
  custom bigint not null,
  lists bigint not null,
  blocks bigint not null,
  requests bigint not null,
  -- Requests up to this second are read.
  requests_read_at bigint not null,
  primary key (app, user_id)
);

create table follows (
  app bigint not null,
  follower idtext not null,
  followed idtext not null,
  added_at bigint not null,
  -- 1 while the other direction is there too, and since when both are.
  mutual bigint not null,
  mutual_at bigint not null,
  primary key (app, follower, followed)
);
create index follows_by_follower on follows (app, follower, added_at, followed);
create index follows_by_followed on follows (app, followed, added_at, follower);
create index follows_mutual on follows (app, follower, mutual_at, followed) where mutual = 1;

-- Labels and group memberships of a conversation, one row while it has any.
create table contact_marks (
  app bigint not null,
  owner idtext not null,
  -- 1 one-to-one, 2 group.
  kind bigint not null,
  peer idtext not null,
  -- 64 bits, as a signed number.
  marks bigint not null,
  custom text not null,
  changed_at bigint not null,
  primary key (app, owner, kind, peer)
);
create index contact_marks_by_peer on contact_marks (app, kind, peer);
create index contact_marks_by_change on contact_marks (app, owner, changed_at, kind, peer);

create table contact_groups (
  app bigint not null,
  owner idtext not null,
  id bigint not null,
  name idtext not null,
  primary key (app, owner, id)
);
create unique index contact_groups_by_name on contact_groups (app, owner, name);

create table contact_group_members (
  app bigint not null,
  owner idtext not null,
  kind bigint not null,
  peer idtext not null,
  group_id bigint not null,
  primary key (app, owner, kind, peer, group_id)
);
create index contact_group_members_by_group on contact_group_members (app, owner, group_id);
create index contact_group_members_by_peer on contact_group_members (app, kind, peer);

-- Users of conversation groups: the last id given out, so that none is given twice.
alter table accounts add column contact_groups_made bigint not null default 0;
-- Global mute: the second until which it lasts, the greatest number for ever.
alter table accounts add column c2c_muted_until bigint not null default 0;
alter table accounts add column group_muted_until bigint not null default 0;
alter table accounts add column custom_status text not null default '';
create index accounts_with_status on accounts (app, user_id) where custom_status <> '';

-- Whose status a user wants to be told of.
create table subscriptions (
  app bigint not null,
  subscriber idtext not null,
  target idtext not null,
  -- Grows with each subscription of the subscriber: the oldest gives way.
  place bigint not null,
  primary key (app, subscriber, target)
);
create index subscriptions_by_target on subscriptions (app, target, subscriber);

-- Accounts that are robots; one that was deleted is not valid but stays.
create table robots (
  app bigint not null,
  user_id idtext not null,
  place bigint not null,
  valid bigint not null,
  primary key (app, user_id)
);

-- Counters of a calendar day of the app, by name.
create table daily_counts (
  app bigint not null,
  day bigint not null,
  what idtext not null,
  value bigint not null,
  primary key (app, day, what)
);

-- Who did what on a day, as bits, so that users are counted once.
create table daily_users (
  app bigint not null,
  day bigint not null,
  user_id idtext not null,
  did bigint not null,
  primary key (app, day, user_id)
);

-- The newest message id at some moments, by which an hour is found in the log.
create table log_marks (
  at bigint primary key,
  message_id bigint not null
);

-- What modified messages said when they were sent.
create table originals (
  message_id bigint primary key,
  time bigint not null,
  cloud text not null,
  body text not null
);
create index originals_by_time on originals (time);

-- Files with the messages of an hour. Part 0 is no file: it says that the hour was exported.
create table exports (
  app bigint not null,
  -- 1 one-to-one, 2 group.
  kind bigint not null,
  -- The Unix second at which the hour begins.
  hour bigint not null,
  part bigint not null,
  size bigint not null,
  md5 text not null,
  gzip_size bigint not null,
  gzip_md5 text not null,
  primary key (app, kind, hour, part)
);
create index exports_by_hour on exports (hour);

-- Secrets of the server itself, by use.
create table secrets (
  name idtext primary key,
  value text not null
);
