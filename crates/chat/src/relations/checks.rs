//! How users stand to one another. `spec/concepts/relationships.md` 4.

use proto::{Code, Fail};
use store::among;

use super::must_exist;
use crate::{Cx, error::Error};

/// Whether the owner of a list has a user in it, and whether the user has the owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub has: bool,
    pub is_had: bool,
}

/// Whose list says how two users stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Friends,
    Blocks,
}

/// How each user stands to `owner`; 30003 for one that is no account. The lists of the others are looked at
/// only when `both` is wanted.
pub async fn check(
    cx: &Cx,
    owner: &str,
    which: Which,
    users: Vec<String>,
    both: bool,
) -> Result<Vec<Result<Standing, Fail>>, Error> {
    let (app, name) = (cx.app.id, owner.to_owned());
    let read = cx.chat.db.read(move |tx| {
        must_exist(tx, app, &name, "From_Account")?;
        let accounts = among::accounts(tx, app, &users)?;
        let had = match which {
            Which::Friends => among::friends_of(tx, app, &name, &users)?,
            Which::Blocks => among::blocked_by(tx, app, &name, &users)?,
        };
        let having = match which {
            _ if !both => Default::default(),
            Which::Friends => among::owners_of(tx, app, &name, &users)?,
            Which::Blocks => among::blockers_of(tx, app, &name, &users)?,
        };
        let standing = |user: &String| match accounts.contains(user) {
            true => Ok(Standing { has: had.contains(user), is_had: having.contains(user) }),
            false => Err(unknown()),
        };
        Ok::<_, Error>(users.iter().map(standing).collect())
    });
    read.await
}

/// What an item is refused with whose user is no account.
pub(crate) fn unknown() -> Fail {
    Fail::with(Code::SnsUnknown, "Err_SNS_Account_Not_Exist: To_Account")
}
