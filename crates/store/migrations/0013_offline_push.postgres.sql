-- Pushes to devices of people who are away: their tokens, and what is to be pushed.

-- The token of a login instance; it goes when the instance ends.
create table push_tokens (
  inst_id bigint primary key,
  app bigint not null,
  user_id idtext not null,
  token text not null,
  -- BusiID and InstType as the client gave them: they tell an operator's own push service which maker it is of.
  business text not null,
  kind text not null,
  -- What the device said it has unread when it went to the background, -1 while it has said nothing since it was in
  -- the foreground; and how many pushes that count went to it since.
  unread bigint not null,
  pushed bigint not null
);
create index push_tokens_by_token on push_tokens (app, token);

-- What waits to be pushed. One row is one message, whatever the number of people it is for; only who could not be
-- pushed to at the first attempt gets a row of its own.
create table offline_pushes (
  -- Grows for ever: a push service knows a push by it.
  id bigint generated always as identity primary key,
  app bigint not null,
  -- 1 one-to-one, 2 group or topic, 3 push to all users.
  kind bigint not null,
  -- The message: its lane, and in 1 its second, in 2 its number, in 3 the number of the push.
  lane bigint not null,
  number bigint not null,
  seq bigint not null,
  random bigint not null,
  group_nr bigint not null,
  sender idtext not null,
  -- For this user alone, and there for this instance alone; empty and 0 for all. -1 stands for the instances that the
  -- operator's own push service serves.
  user_id idtext not null,
  inst_id bigint not null,
  -- The byte-wise last user it has been pushed to so far, of one that is for many.
  reached idtext not null,
  -- OfflinePushInfo as JSON, or empty.
  info text not null,
  -- The id it was pushed under first, 0 for its own.
  first_id bigint not null,
  created_at bigint not null,
  -- Not pushed after this second, and not before that one.
  until bigint not null,
  due_at bigint not null,
  attempts bigint not null
);
create index offline_pushes_by_due on offline_pushes (app, due_at, id);

-- Who wants nothing of a topic: asked for with each message to it.
create index topic_members_discarding on topic_members (topic_nr) where flag = 2;
