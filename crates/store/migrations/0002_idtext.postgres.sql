-- Text that is compared byte by byte, as SQLite does it anyway.
create domain idtext as text collate "C";
