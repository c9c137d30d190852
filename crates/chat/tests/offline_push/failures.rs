//! What becomes of a push that fails, and of a server that ends.

use chat::{
    groups::Kind,
    offline_push::{Dropped, Outcome, Report},
};
use serde_json::json;

use crate::world::{IPHONE, World, busy, fine, on_both, pairs};

#[test]
fn a_service_that_cannot_is_asked_again_later_and_later_until_the_time_is_over() {
    on_both(|mut it: World| async move {
        it.set("push.life_seconds", json!(60)).await;
        it.away("bob", IPHONE).await;
        it.service.answer(busy);
        it.send("alice", "bob", "one").await;
        let mut at = Vec::new();
        let mut ids = std::collections::BTreeSet::new();
        for second in 0..=120 {
            for push in it.pushes().await {
                at.push(second);
                ids.insert(push.id);
            }
            it.clock.advance(1000);
        }
        assert_eq!(at, [0, 5, 15, 35], "and not at 75");
        assert_eq!((ids.len(), it.rows().await, it.dropped(Dropped::Expired)), (1, 0, 1));
    });
}

#[test]
fn a_service_may_ask_for_a_longer_pause() {
    on_both(|mut it: World| async move {
        it.away("bob", IPHONE).await;
        it.service.answer(|_| Outcome::Later("status 429".to_owned(), Some(300)).into());
        it.send("alice", "bob", "one").await;
        assert_eq!(it.pushes().await.len(), 1);
        it.service.answer(fine);
        it.clock.advance(299_000);
        assert!(it.pushes().await.is_empty());
        it.clock.advance(1000);
        assert_eq!(it.pushes().await.len(), 1);
        assert_eq!(it.rows().await, 0);
    });
}

#[test]
fn only_who_was_not_reached_is_tried_again() {
    on_both(|mut it: World| async move {
        it.away("bob", IPHONE).await;
        it.away("carol", IPHONE).await;
        it.group(Kind::Public, "team", &["bob", "carol"]).await;
        it.service.answer(|push| if push.to == "bob" { busy(push) } else { fine(push) });
        it.say("team", "hello").await;
        let first = it.pushes().await;
        assert_eq!(first.len(), 2);
        it.service.answer(fine);
        it.clock.advance(5000);
        let again = it.pushes().await;
        assert_eq!((again.len(), &*again[0].to, &again[0].id), (1, "bob", &first[0].id));
        assert_eq!(it.rows().await, 0);
    });
}

#[test]
fn who_comes_meanwhile_is_not_pushed_to_again() {
    on_both(|mut it: World| async move {
        let bob = it.away("bob", IPHONE).await;
        it.service.answer(busy);
        it.send("alice", "bob", "one").await;
        assert_eq!(it.pushes().await.len(), 1);
        bob.come_back().await;
        it.clock.advance(5000);
        assert!(it.pushes().await.is_empty());
        assert_eq!((it.rows().await, it.dropped(Dropped::Online)), (0, 1));
    });
}

#[test]
fn a_token_that_the_service_does_not_know_is_forgotten() {
    on_both(|mut it: World| async move {
        it.away("bob", IPHONE).await;
        it.service.answer(|push| Report {
            outcome: Outcome::Failed("Unregistered".to_owned()),
            dead: vec![push.devices[0].token.clone()],
        });
        it.send("alice", "bob", "one").await;
        assert_eq!(it.pushes().await.len(), 1);
        assert!(it.tokens().await.is_empty());
        it.send("alice", "bob", "two").await;
        assert!(it.pushes().await.is_empty());
    });
}

#[test]
fn what_was_committed_before_a_crash_is_pushed_after_it() {
    on_both(|mut it: World| async move {
        it.away("bob", IPHONE).await;
        it.group(Kind::Public, "team", &["bob"]).await;
        it.pushes().await;
        it.send("alice", "bob", "one").await;
        it.say("team", "two").await;
        it.crash().await;
        let expected = [("bob", "Nick of alice: one"), ("bob", "Nick of alice(Team): two")];
        assert_eq!(it.pushed().await, pairs(&expected));
        assert!(it.pushed().await.is_empty());
    });
}

#[test]
fn more_than_may_wait_is_left_out_and_counted() {
    on_both(|mut it: World| async move {
        it.set("push.max_waiting", json!(2)).await;
        it.away("bob", IPHONE).await;
        it.service.answer(busy);
        for text in ["one", "two", "three"] {
            it.send("alice", "bob", text).await;
            it.pushes().await;
        }
        it.clock.advance(1000);
        it.pushes().await;
        it.send("alice", "bob", "four").await;
        assert!(it.rows().await <= 3, "{} rows", it.rows().await);
        assert!(it.dropped(Dropped::Full) > 0);
    });
}
