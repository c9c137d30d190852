//! Who must be told of a user: those that have the user in their friend list.

use store::friends;

use crate::{Chat, apps::App, error::Error, live::Push};

/// Owners of friend lists read in one step.
const STEP: i64 = 1000;

/// Pushes to everybody online who has `user` as a friend. Memory is bounded by the step, not by the number.
pub(crate) async fn tell_owners(chat: &Chat, app: &App, user: &str, push: &Push) -> Result<(), Error> {
    let (id, mut after) = (app.id, String::new());
    loop {
        let (name, from) = (user.to_owned(), after);
        let step = chat.db.read(move |tx| friends::owners_of(tx, id, &name, &from, STEP)).await?;
        step.iter().for_each(|it| {
            app.live.push_shared(it, None, push);
        });
        match step.last() {
            Some(last) if step.len() as i64 == STEP => after = last.clone(),
            _ => return Ok(()),
        }
    }
}
