-- Live rooms number what is said in them without storing it: numbers up to `reserved` may have been used.
create table live_rooms (
  group_nr bigint primary key,
  reserved bigint not null
);

-- Marks of people in live rooms.
create table live_marks (
  group_nr bigint not null,
  user_id idtext not null,
  mark bigint not null,
  set_at bigint not null,
  primary key (group_nr, user_id, mark)
);
create index live_marks_by_mark on live_marks (group_nr, mark);
