-- Nicknames are found by their beginnings as searches fold them, whatever their case.
drop index profiles_by_nick;
create index search_names_by_beginning on search_names (app, substr(folded, 1, 64), id) where kind = 1;
