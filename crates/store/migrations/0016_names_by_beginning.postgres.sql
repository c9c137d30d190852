-- Nicknames are found by their beginnings as searches fold them, whatever their case, byte by byte.
drop index profiles_by_nick;
alter table search_names alter column folded type text collate "C";
create index search_names_by_beginning on search_names (app, substr(folded, 1, 64), id) where kind = 1;
