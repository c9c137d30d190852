-- Push to all users. A push is one row, whoever gets it: for whom it is follows from what users had when it was made.
create table pushes (
  app bigint not null,
  -- Counts from 1 in each app and is never used again: the newest row is never removed.
  id bigint not null,
  -- Milliseconds.
  made_at bigint not null,
  -- Waits for users until this second; 0 for one that only goes to those who are online.
  waits_until bigint not null,
  -- 1 until one that does not wait has been handed to everybody who is online.
  going_out bigint not null,
  -- The byte-wise last user it has been handed to so far, of one that does not wait.
  reached idtext not null,
  sender idtext not null,
  seq bigint not null,
  random bigint not null,
  -- JSON; empty for everybody.
  condition text not null,
  -- JSON literals as they were at sending; empty when there were none.
  nick text not null,
  face text not null,
  push_info text not null,
  body text not null,
  primary key (app, id)
);
create index pushes_by_waiting on pushes (app, waits_until);
create index pushes_by_random on pushes (app, random, id);
create index pushes_by_time on pushes (app, made_at);
create index pushes_going_out on pushes (app, id) where going_out = 1;

-- Names of the attributes that users may have, by number.
create table push_attribute_names (
  app bigint not null,
  number bigint not null,
  name text not null,
  primary key (app, number)
);

-- What users have counts for the pushes after `since`, and up to `until` if that is not 0: what is taken away stays
-- for as long as a push waits that it counts for.
create table push_attributes (
  app bigint not null,
  user_id idtext not null,
  number bigint not null,
  since bigint not null,
  until bigint not null,
  value text not null,
  primary key (app, user_id, number, since)
);
create index push_attributes_gone on push_attributes (app, until) where until > 0;

create table push_tags (
  app bigint not null,
  user_id idtext not null,
  tag idtext not null,
  since bigint not null,
  until bigint not null,
  -- The order in which a user's tags were added.
  place bigint not null,
  primary key (app, user_id, tag, since)
);
create index push_tags_gone on push_tags (app, until) where until > 0;
