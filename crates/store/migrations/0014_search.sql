-- What is searched. A message is found by its log: `kind` 1 is a pair of people, 2 a group, and `log` its number.
-- A place in a log is three numbers: (time, seq, random) of a pair's message, (seq, 0, 0) of a group's.

-- Messages that follow one another in a log, as far as they have been there for a while: whatever is after the last
-- block of a log is read from the log itself.
create table search_blocks (
  id integer primary key,
  kind bigint not null,
  log bigint not null,
  -- Holds what is after this place, up to and with the last one.
  after_1 bigint not null,
  after_2 bigint not null,
  after_3 bigint not null,
  last_1 bigint not null,
  last_2 bigint not null,
  last_3 bigint not null,
  -- The second of its newest message.
  newest_at bigint not null,
  -- How many messages of the log it covers, those that nobody can find among them.
  messages bigint not null,
  -- How often it was made anew.
  version bigint not null,
  -- Which short pieces of text are in it: a bit for each, several pieces may share one.
  grams bytea not null
);
create unique index search_blocks_by_place on search_blocks (kind, log, after_1, after_2, after_3);

-- What the messages of a block say.
create table search_texts (
  block bigint primary key,
  texts bytea not null
);

-- How far a log has blocks.
create table search_logs (
  kind bigint not null,
  log bigint not null,
  last_1 bigint not null,
  last_2 bigint not null,
  last_3 bigint not null,
  blocks bigint not null,
  primary key (kind, log)
);

-- Places at which a log changed otherwise than by growing; until the block there is made anew, its messages are read
-- from the log. -1 asks to look at the whole log.
create table search_changes (
  id integer primary key,
  kind bigint not null,
  log bigint not null,
  place_1 bigint not null,
  place_2 bigint not null,
  place_3 bigint not null
);
create index search_changes_of_places on search_changes (id) where place_1 >= 0;

-- How far new messages have been looked at: 1 the greatest id of one-to-one messages, 2 the second of group messages.
create table search_progress (
  kind bigint primary key,
  reached bigint not null
);

-- Names as they are searched: kind 1 is the nickname of a user, 2 the name of a group.
create table search_names (
  kind bigint not null,
  app bigint not null,
  id idtext not null,
  folded text not null,
  primary key (kind, app, id)
);
-- Names that were there before they were kept so.
create table search_names_missing (
  kind bigint not null,
  app bigint not null,
  id idtext not null,
  primary key (kind, app, id)
);
create index group_members_with_card on group_members (group_nr, user_id) where card <> '';

insert into search_names_missing (kind, app, id)
  select 1, app, user_id from profiles where tag = 'Tag_Profile_IM_Nick' and value <> '""';
insert into search_names_missing (kind, app, id)
  select 2, app, group_id from groups where dismissed_at = 0 and kind <> 4;
insert into search_changes (kind, log, place_1, place_2, place_3) select 1, id, -1, 0, 0 from pairs;
insert into search_changes (kind, log, place_1, place_2, place_3)
  select 2, id, -1, 0, 0 from groups where dismissed_at = 0 and kind in (1, 2, 3);
insert into search_progress (kind, reached) select 1, coalesce(max(id), 0) from messages;
insert into search_progress (kind, reached) select 2, coalesce(max(time), 0) from group_messages;
