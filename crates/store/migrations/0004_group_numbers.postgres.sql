-- Numbers of groups and topics; SQLite counts in `counters`.
create sequence counter_group;
