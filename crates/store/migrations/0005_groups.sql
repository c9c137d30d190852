-- Groups, their members, messages and what hangs on them. `idtext` is compared byte by byte.

create table groups (
  -- The group's number; a topic has one of its own. Messages and members go by it.
  id bigint primary key,
  app bigint not null,
  group_id idtext not null,
  -- 1 Private, 2 Public, 3 ChatRoom, 4 AVChatRoom, 5 Community.
  kind bigint not null,
  -- Empty for none.
  owner idtext not null,
  name text not null,
  introduction text not null,
  notification text not null,
  face text not null,
  created_at bigint not null,
  info_seq bigint not null,
  info_at bigint not null,
  max_members bigint not null,
  -- 0 FreeAccess, 1 NeedPermission, 2 DisableApply or DisableInvite.
  apply_option bigint not null,
  invite_option bigint not null,
  muted_all bigint not null,
  support_topic bigint not null,
  -- 0 while a Private group waits for its first message.
  active bigint not null,
  -- Custom fields: a JSON object of key and value, or empty.
  custom text not null,
  members bigint not null,
  attr_seq bigint not null,
  counter_seq bigint not null,
  -- 0 while it lives. A dismissed group stays until its id is used again.
  dismissed_at bigint not null
);
create unique index groups_by_name on groups (app, group_id);
create index groups_by_app on groups (app, kind, id);
create index groups_by_owner on groups (app, owner);

create table group_members (
  group_nr bigint not null,
  user_id idtext not null,
  app bigint not null,
  -- 200 member, 300 admin, 400 owner.
  role bigint not null,
  joined_at bigint not null,
  -- The newest number when the member joined: history before it may be hidden.
  joined_seq bigint not null,
  -- Messages up to this number are read.
  read_seq bigint not null,
  -- 0 AcceptAndNotify, 1 AcceptNotNotify, 2 Discard.
  flag bigint not null,
  card text not null,
  -- Member custom fields: a JSON object of key and value, or empty.
  custom text not null,
  sent_at bigint not null,
  -- The owner's side of the conversation, as in `contacts`: hidden up to this number, deleted from the list
  -- while no later number exists, listed though empty since, pinned.
  cleared_seq bigint not null,
  unlisted_seq bigint not null,
  emptied_at bigint not null,
  pinned bigint not null,
  primary key (group_nr, user_id)
);
create index group_members_by_user on group_members (app, user_id, group_nr);
create index group_members_by_time on group_members (group_nr, joined_at, user_id);
create index group_members_by_role on group_members (group_nr, role) where role > 200;

-- Mutes outlive membership; `group_nr` may be a topic's number.
create table group_mutes (
  group_nr bigint not null,
  user_id idtext not null,
  until bigint not null,
  primary key (group_nr, user_id)
);

-- The log of groups and topics: `seq` counts from 1 without a gap.
create table group_messages (
  -- Number of the group or topic.
  lane bigint not null,
  seq bigint not null,
  time bigint not null,
  random bigint not null,
  flags bigint not null,
  -- 1 High, 2 Normal, 3 Low, 4 Lowest.
  priority bigint not null,
  crc bigint not null,
  sender idtext not null,
  tiny bigint not null,
  client_time bigint not null,
  client_seq bigint not null,
  version bigint not null,
  -- JSON literals as they were at sending; empty when there were none.
  nick text not null,
  face text not null,
  card text not null,
  cloud text not null,
  -- A list of elements, or of a tip its object.
  body text not null,
  -- JSON lists: mentions, and the members that alone may see it.
  mentions text not null,
  targets text not null,
  revoker text not null,
  primary key (lane, seq)
);
create index group_messages_by_time on group_messages (time);

-- Messages that a member deleted from its own view.
create table group_hidden (
  lane bigint not null,
  user_id idtext not null,
  seq bigint not null,
  primary key (lane, user_id, seq)
);

create table group_attributes (
  group_nr bigint not null,
  name idtext not null,
  value text not null,
  seq bigint not null,
  primary key (group_nr, name)
);

create table group_counters (
  group_nr bigint not null,
  name idtext not null,
  value bigint not null,
  primary key (group_nr, name)
);

-- What waits for somebody's consent: 0 an application, 2 a member's invitation, 12 an invitation to the invitee.
create table group_requests (
  id bigint primary key,
  app bigint not null,
  group_nr bigint not null,
  kind bigint not null,
  -- Who asks, and who is to join.
  asker idtext not null,
  joiner idtext not null,
  remark text not null,
  auth idtext not null,
  asked_at bigint not null,
  -- 0 waits, 1 agreed, 2 refused.
  answer bigint not null,
  answerer idtext not null,
  answered_at bigint not null,
  answer_text text not null
);
create index group_requests_by_group on group_requests (group_nr, joiner, answer);
create index group_requests_by_auth on group_requests (app, auth);

-- Numbers of the notices of each user, and those that wait for it.
create table group_notices (
  app bigint not null,
  user_id idtext not null,
  seq bigint not null,
  random bigint not null,
  time bigint not null,
  -- The item as it is pushed; empty for one that only counts.
  item text not null,
  primary key (app, user_id, seq)
);
create index group_notices_by_time on group_notices (time);

create table notice_numbers (
  app bigint not null,
  user_id idtext not null,
  last bigint not null,
  primary key (app, user_id)
);

create table topics (
  id bigint primary key,
  app bigint not null,
  group_nr bigint not null,
  topic_id idtext not null,
  name text not null,
  introduction text not null,
  notification text not null,
  face text not null,
  custom text not null,
  muted_all bigint not null,
  created_at bigint not null,
  deleted_at bigint not null
);
create unique index topics_by_name on topics (group_nr, topic_id);

-- A member's own state in a topic, from its first change on.
create table topic_members (
  topic_nr bigint not null,
  user_id idtext not null,
  read_seq bigint not null,
  flag bigint not null,
  primary key (topic_nr, user_id)
);

create table group_pins (
  lane bigint not null,
  seq bigint not null,
  pinned_by idtext not null,
  pinned_at bigint not null,
  primary key (lane, seq)
);

create table group_bans (
  group_nr bigint not null,
  user_id idtext not null,
  until bigint not null,
  description text not null,
  primary key (group_nr, user_id)
);
create index group_bans_by_time on group_bans (group_nr, until);

-- Who read a message that asked for receipts.
create table group_receipts (
  lane bigint not null,
  seq bigint not null,
  user_id idtext not null,
  read_at bigint not null,
  primary key (lane, seq, user_id)
);
