//! Names as they are searched: nicknames of users, names of groups, name cards of members.
//!
//! Patterns are those of `like` with `\` before what stands for itself.

use crate::{
    Row, StoreError, Tx, Value, can_be_there,
    groups::{Group, group_at},
    params,
};

/// `kind` of a user's nickname, and of a group's name.
pub const USER: i64 = 1;
pub const GROUP: i64 = 2;

/// Patterns of one search; fewer are filled up.
pub const PATTERNS: usize = 5;

/// What a name must match: one of the patterns, or all of them.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub patterns: [String; PATTERNS],
    pub all: bool,
}

impl Wanted {
    fn values(&self) -> Vec<Value> {
        let mut values = vec![Value::from(self.all)];
        values.extend(self.patterns.iter().map(Value::from));
        values
    }
}

/// Keeps a name as it is searched; an empty one is not kept.
pub fn put(tx: &mut dyn Tx, kind: i64, app: u32, id: &str, folded: &str) -> Result<(), StoreError> {
    if folded.is_empty() || !can_be_there(folded) {
        return remove(tx, kind, app, id);
    }
    tx.exec(
        "insert into search_names (kind, app, id, folded) values ($1, $2, $3, $4)
         on conflict (kind, app, id) do update set folded = excluded.folded",
        params![kind, app, id, folded],
    )?;
    Ok(())
}

pub fn remove(tx: &mut dyn Tx, kind: i64, app: u32, id: &str) -> Result<(), StoreError> {
    tx.exec("delete from search_names where kind = $1 and app = $2 and id = $3", params![kind, app, id])?;
    Ok(())
}

/// A name that was there before names were kept here.
pub struct Missing {
    pub kind: i64,
    pub app: u32,
    pub id: String,
    /// A user's as a JSON literal; empty when it is gone.
    pub name: String,
}

pub fn missing(tx: &mut dyn Tx, limit: i64) -> Result<Vec<Missing>, StoreError> {
    let rows = tx.rows(
        "select n.kind, n.app, n.id,
                coalesce(case n.kind when 1
                  then (select value from profiles where app = n.app and user_id = n.id and tag = 'Tag_Profile_IM_Nick')
                  else (select name from groups where app = n.app and group_id = n.id and dismissed_at = 0) end, '')
         from search_names_missing n limit $1",
        params![limit],
    )?;
    rows.into_iter()
        .map(|mut it| {
            let app = u32::try_from(it.int(1)?).map_err(|_| StoreError::Shape("an app has a wrong id"))?;
            Ok(Missing { kind: it.int(0)?, app, id: it.take_text(2)?, name: it.take_text(3)? })
        })
        .collect()
}

/// Keeps one of those unless it was kept meanwhile.
pub fn fill(tx: &mut dyn Tx, it: &Missing, folded: &str) -> Result<(), StoreError> {
    if !folded.is_empty() && can_be_there(folded) {
        tx.exec(
            "insert into search_names (kind, app, id, folded) values ($1, $2, $3, $4) on conflict do nothing",
            params![it.kind, it.app, &*it.id, folded],
        )?;
    }
    tx.exec(
        "delete from search_names_missing where kind = $1 and app = $2 and id = $3",
        params![it.kind, it.app, &*it.id],
    )?;
    Ok(())
}

/// What a user must be besides: the JSON literal of the gender, empty for any, and when the birthday must be.
#[derive(Clone, Debug)]
pub struct People {
    pub gender: String,
    pub birthday: (i64, i64),
    /// Whether the birthday counts.
    pub has_birthday: bool,
}

impl People {
    fn values(&self) -> [Value; 4] {
        [
            Value::from(&*self.gender),
            Value::from(self.has_birthday),
            Value::from(self.birthday.0),
            Value::from(self.birthday.1),
        ]
    }
}

/// Users whose nickname matches, by id, after one.
pub fn users(
    tx: &mut dyn Tx,
    app: u32,
    wanted: &Wanted,
    people: &People,
    (after, limit): (&str, i64),
) -> Result<Vec<String>, StoreError> {
    let mut parameters = params![app].to_vec();
    parameters.extend(wanted.values());
    parameters.extend(people.values());
    parameters.extend([Value::from(after), Value::Int(limit)]);
    let rows = tx.rows(
        r"select n.id from search_names n join accounts a on a.app = n.app and a.user_id = n.id
          where n.kind = 1 and n.app = $1 and n.id > $12
            and (n.folded like $3 escape '\' and n.folded like $4 escape '\' and n.folded like $5 escape '\'
                 and n.folded like $6 escape '\' and n.folded like $7 escape '\'
              or cast($2 as bigint) = 0
                 and (n.folded like $3 escape '\' or n.folded like $4 escape '\' or n.folded like $5 escape '\'
                   or n.folded like $6 escape '\' or n.folded like $7 escape '\'))
            and ($8 = '' or exists (select 1 from profiles p where p.app = n.app and p.user_id = n.id
                                    and p.tag = 'Tag_Profile_IM_Gender' and p.value = $8))
            and (cast($9 as bigint) = 0
              or coalesce((select cast(p.value as bigint) from profiles p where p.app = n.app and p.user_id = n.id
                           and p.tag = 'Tag_Profile_IM_BirthDay'), 0) between $10 and $11)
          order by n.id limit $13",
        &parameters,
    )?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}

/// Whether a user is what it must be besides.
pub fn is_among(tx: &mut dyn Tx, app: u32, user: &str, people: &People) -> Result<bool, StoreError> {
    let mut parameters = params![app, user].to_vec();
    parameters.extend(people.values());
    let row = tx.row(
        "select 1 where ($3 = '' or exists (select 1 from profiles p where p.app = $1 and p.user_id = $2
                                            and p.tag = 'Tag_Profile_IM_Gender' and p.value = $3))
            and (cast($4 as bigint) = 0
              or coalesce((select cast(p.value as bigint) from profiles p where p.app = $1 and p.user_id = $2
                           and p.tag = 'Tag_Profile_IM_BirthDay'), 0) between $5 and $6)",
        &parameters,
    )?;
    Ok(row.is_some())
}

/// Living groups of these kinds (a bit for each: 1 for the first, 2, 4, 8, 16) whose name matches, those with most
/// members first; Private ones only where `user` is in.
pub fn groups(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    wanted: &Wanted,
    kinds: i64,
    limit: i64,
) -> Result<Vec<Group>, StoreError> {
    let mut parameters = params![app].to_vec();
    parameters.extend(wanted.values());
    parameters.extend([Value::from(user), Value::Int(kinds), Value::Int(limit)]);
    let rows = tx.rows(
        r"select g.id, g.app, g.group_id, g.kind, g.owner, g.name, g.introduction, g.notification, g.face,
                 g.created_at, g.info_seq, g.info_at, g.max_members, g.apply_option, g.invite_option, g.muted_all,
                 g.support_topic, g.active, g.custom, g.members, g.attr_seq, g.counter_seq, g.dismissed_at,
                 g.older_history
          from search_names n join groups g on g.app = n.app and g.group_id = n.id
          where n.kind = 2 and n.app = $1 and g.dismissed_at = 0
            and (n.folded like $3 escape '\' and n.folded like $4 escape '\' and n.folded like $5 escape '\'
                 and n.folded like $6 escape '\' and n.folded like $7 escape '\'
              or cast($2 as bigint) = 0
                 and (n.folded like $3 escape '\' or n.folded like $4 escape '\' or n.folded like $5 escape '\'
                   or n.folded like $6 escape '\' or n.folded like $7 escape '\'))
            and (g.kind = 1 and ($9 & 1) <> 0 or g.kind = 2 and ($9 & 2) <> 0 or g.kind = 3 and ($9 & 4) <> 0
              or g.kind = 5 and ($9 & 16) <> 0)
            and (g.kind <> 1 or exists (select 1 from group_members m where m.group_nr = g.id and m.user_id = $8))
          order by g.members desc, g.group_id limit $10",
        &parameters,
    )?;
    rows.into_iter().map(|mut it| group_at(&mut it)).collect()
}

/// A member with its names: the nickname as a JSON literal or empty.
#[derive(Clone, Debug)]
pub struct Named {
    pub user: String,
    pub card: String,
    pub nick: String,
}

fn named(mut row: Row) -> Result<Named, StoreError> {
    Ok(Named { user: row.take_text(0)?, card: row.take_text(1)?, nick: row.take_text(2)? })
}

/// The members of a group by id, after one, with their names.
pub fn members(
    tx: &mut dyn Tx,
    app: u32,
    group: i64,
    after: &str,
    limit: i64,
) -> Result<Vec<Named>, StoreError> {
    let rows = tx.rows(
        "select m.user_id, m.card, coalesce(p.value, '')
         from (select user_id, card from group_members where group_nr = $2 and user_id > $3
               order by user_id limit $4) m
         left join profiles p on p.app = $1 and p.user_id = m.user_id and p.tag = 'Tag_Profile_IM_Nick'
         order by m.user_id",
        params![app, group, after, limit],
    )?;
    rows.into_iter().map(named).collect()
}

/// Those members of a group that have a name card, by id, after one.
pub fn members_with_card(
    tx: &mut dyn Tx,
    app: u32,
    group: i64,
    after: &str,
    limit: i64,
) -> Result<Vec<Named>, StoreError> {
    let rows = tx.rows(
        "select m.user_id, m.card, coalesce(p.value, '')
         from (select user_id, card from group_members where group_nr = $2 and card <> '' and user_id > $3
               order by user_id limit $4) m
         left join profiles p on p.app = $1 and p.user_id = m.user_id and p.tag = 'Tag_Profile_IM_Nick'
         order by m.user_id",
        params![app, group, after, limit],
    )?;
    rows.into_iter().map(named).collect()
}

/// One member with its names.
pub fn member(tx: &mut dyn Tx, app: u32, group: i64, user: &str) -> Result<Option<Named>, StoreError> {
    let row = tx.row(
        "select m.user_id, m.card, coalesce(p.value, '')
         from group_members m
         left join profiles p on p.app = $1 and p.user_id = m.user_id and p.tag = 'Tag_Profile_IM_Nick'
         where m.group_nr = $2 and m.user_id = $3",
        params![app, group, user],
    )?;
    row.map(named).transpose()
}

/// The groups that a user is in, but for live rooms, by number.
pub fn groups_of(tx: &mut dyn Tx, app: u32, user: &str, limit: i64) -> Result<Vec<Group>, StoreError> {
    let rows = tx.rows(
        "select g.id, g.app, g.group_id, g.kind, g.owner, g.name, g.introduction, g.notification, g.face,
                g.created_at, g.info_seq, g.info_at, g.max_members, g.apply_option, g.invite_option, g.muted_all,
                g.support_topic, g.active, g.custom, g.members, g.attr_seq, g.counter_seq, g.dismissed_at,
                 g.older_history
         from group_members m join groups g on g.id = m.group_nr
         where m.app = $1 and m.user_id = $2 and g.kind <> 4 order by g.id limit $3",
        params![app, user, limit],
    )?;
    rows.into_iter().map(|mut it| group_at(&mut it)).collect()
}
