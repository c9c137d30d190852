-- What the application's backend is told, or was: the outbox and the log of deliveries in one.
create table webhook_events (
  -- Grows for ever: the receiver knows an event by it.
  id integer primary key autoincrement,
  app bigint not null,
  command text not null,
  -- Events with the same number are delivered one after the other.
  line bigint not null,
  client_ip text not null,
  platform text not null,
  -- Unix milliseconds.
  created_at bigint not null,
  -- 0 waits, 1 delivered, 2 given up, 3 asked before an operation.
  state bigint not null,
  attempts bigint not null,
  -- Of the last attempt, in Unix milliseconds, and how many it took.
  tried_at bigint not null,
  took_ms bigint not null,
  -- Why the last attempt failed, empty when it did not.
  failure text not null,
  body text not null,
  -- The beginning of the last answer.
  answer text not null
);
create index webhook_events_waiting on webhook_events (app, id) where state = 0;
