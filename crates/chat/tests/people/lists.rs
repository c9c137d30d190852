//! The named lists of the model's people.

use chat::relations::Move;

use super::{Model, Touched};

impl Model {
    pub fn make_lists(&mut self, owner: &str, names: &[String], users: &[String]) -> Result<Vec<i64>, i64> {
        if !self.has_room(owner, names) {
            self.answered(vec![30011]);
            return Err(30011);
        }
        let (mut touched, mut codes) = (Touched::new(), Vec::new());
        self.ensure_lists(owner, names, &mut touched);
        for user in users {
            codes.push(
                self.move_one(owner, user, names, true, &mut touched)
                    .unwrap_or(if self.people.contains_key(user) { 32216 } else { 30003 }),
            );
        }
        self.raise(touched);
        Ok(self.answered(codes))
    }

    /// `None` for somebody who is no friend.
    fn move_one(
        &mut self,
        owner: &str,
        user: &str,
        names: &[String],
        is_in: bool,
        touched: &mut Touched,
    ) -> Option<i64> {
        let entry = self.person(owner).friends.get_mut(user)?;
        for name in names {
            let has_moved = if is_in { entry.lists.insert(name.clone()) } else { entry.lists.remove(name) };
            if has_moved {
                Model::touch(touched, owner, &[0, 2]);
            }
        }
        Some(0)
    }

    pub fn change_list(
        &mut self,
        owner: &str,
        old: &str,
        new: Option<&str>,
        moves: &[Move],
    ) -> Result<Vec<i64>, i64> {
        let lists = &self.people[owner].lists;
        let place = lists.iter().position(|it| it == old);
        let is_taken = new.is_some_and(|it| it != old && lists.iter().any(|name| name == it));
        let Some(place) = place.filter(|_| !is_taken) else {
            self.answered(vec![30001]);
            return Err(30001);
        };
        let (mut touched, mut codes) = (Touched::new(), Vec::new());
        let name = new.unwrap_or(old).to_owned();
        if name != old {
            let person = self.person(owner);
            person.lists[place].clone_from(&name);
            Model::touch(&mut touched, owner, &[2]);
            for entry in person.friends.values_mut() {
                if entry.lists.remove(old) {
                    entry.lists.insert(name.clone());
                    Model::touch(&mut touched, owner, &[0]);
                }
            }
        }
        for it in moves {
            let moved = self.move_one(owner, &it.user, std::slice::from_ref(&name), it.is_in, &mut touched);
            codes.push(moved.unwrap_or(32216));
        }
        self.raise(touched);
        Ok(self.answered(codes))
    }

    pub fn delete_lists(&mut self, owner: &str, names: &[String]) {
        let mut touched = Touched::new();
        let person = self.person(owner);
        for name in names {
            if let Some(place) = person.lists.iter().position(|it| it == name) {
                person.lists.remove(place);
                Model::touch(&mut touched, owner, &[2]);
            }
            for entry in person.friends.values_mut() {
                if entry.lists.remove(name) {
                    Model::touch(&mut touched, owner, &[0]);
                }
            }
        }
        self.raise(touched);
    }
}
