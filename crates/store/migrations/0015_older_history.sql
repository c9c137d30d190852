-- Whether members of this group read what was said before they came: 0 as the app's setting for its kind says, 1 yes,
-- 2 no.
alter table groups add column older_history bigint not null default 0;
