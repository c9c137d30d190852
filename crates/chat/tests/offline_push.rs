//! Who is pushed to while away, with what, and what becomes of a push that fails, on both engines.
//! `spec/concepts/offline-push.md`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "offline_push/failures.rs"]
mod failures;
#[path = "offline_push/world.rs"]
mod world;

use chat::{
    accounts,
    all_member_push::{self, Wanted},
    do_not_disturb::{self, Record},
    groups::{Kind, MsgFlag, recall as group_recall, topics},
    login,
    messages::{self, Named},
    offline_push::{self, Dropped, Place},
};
use serde_json::json;
use world::{ANDROID, APP, IPHONE, START, WEB, World, body, busy, fine, on_both, pairs};

#[test]
fn who_is_away_is_pushed_to_and_who_looks_is_not() {
    on_both(|mut it: World| async move {
        let bob = it.away("bob", IPHONE).await;
        it.send("alice", "bob", "one").await;
        assert_eq!(it.pushed().await, pairs(&[("bob", "Nick of alice: one")]));
        let back = bob.come_back().await;
        it.send("alice", "bob", "two").await;
        assert!(it.pushes().await.is_empty());
        back.lose_connection().await;
        it.send("alice", "bob", "three").await;
        assert_eq!(it.pushed().await, pairs(&[("bob", "Nick of alice: three")]));
    });
}

#[test]
fn an_app_in_the_background_is_pushed_to_until_it_is_in_the_foreground_again() {
    on_both(|mut it: World| async move {
        let bob = it.login("bob", ANDROID).await;
        bob.give_token("t").await;
        offline_push::in_background(&bob.cx, None).await.unwrap();
        it.send("alice", "bob", "one").await;
        assert_eq!(it.told().await, ["bob"]);
        offline_push::in_foreground(&bob.cx).await.unwrap();
        it.send("alice", "bob", "two").await;
        assert!(it.pushes().await.is_empty());
        // Somebody who looks at another device is not pushed to.
        offline_push::in_background(&bob.cx, None).await.unwrap();
        it.login("bob", WEB).await;
        it.send("alice", "bob", "three").await;
        assert!(it.pushes().await.is_empty());
    });
}

#[test]
fn nothing_is_written_while_the_app_has_no_push_service() {
    on_both(|mut it: World| async move {
        it.set("push.channels", json!([])).await;
        it.away("bob", IPHONE).await;
        it.group(Kind::Public, "team", &["bob"]).await;
        it.send("alice", "bob", "one").await;
        it.say("team", "two").await;
        assert_eq!(it.rows().await, 0);
        it.set("push.channels", json!(["fcm", "apns"])).await;
        it.send("alice", "bob", "three").await;
        assert_eq!(it.rows().await, 1);
        it.set("push.channels", json!([])).await;
        assert!(it.pushes().await.is_empty());
        assert_eq!(it.rows().await, 0, "what waited is forgotten");
    });
}

#[test]
fn a_device_without_a_token_is_left_to_the_operator_s_own_service() {
    on_both(|mut it: World| async move {
        let bob = it.login("bob", WEB).await;
        bob.lose_connection().await;
        it.send("alice", "bob", "one").await;
        assert!(it.pushes().await.is_empty());
        it.set("push.http.without_token", json!(true)).await;
        it.send("alice", "bob", "two").await;
        it.send("alice", "carol", "who never logged in").await;
        assert_eq!(it.told().await, ["bob"]);
        bob.log_out().await;
        it.send("alice", "bob", "three").await;
        assert!(it.pushes().await.is_empty(), "who said goodbye is not pushed to");
    });
}

#[test]
fn a_token_goes_with_its_login() {
    on_both(|it: World| async move {
        let bob = it.login("bob", IPHONE).await;
        bob.give_token("one").await;
        bob.give_token("two").await;
        assert_eq!(it.tokens().await, [("bob".to_owned(), "two".to_owned())].into());
        bob.give_token("").await;
        assert!(it.tokens().await.is_empty());
        bob.give_token(&"x".repeat(4096)).await;
        assert_eq!(it.tokens().await["bob"].len(), 4096);
        bob.give_token(&"x".repeat(4097)).await;
        assert!(it.tokens().await.is_empty(), "one that is too long removes the earlier one");
        bob.give_token("three").await;
        bob.log_out().await;
        assert!(it.tokens().await.is_empty());
        it.login("bob", IPHONE).await.give_token("four").await;
        login::kick(&it.cx, "bob").await.unwrap();
        assert!(it.tokens().await.is_empty());
        it.clock.advance(1000);
        it.login("bob", IPHONE).await.give_token("five").await;
        it.login("bob", ANDROID).await.give_token("six").await;
        assert_eq!(it.tokens().await["bob"], "six", "a login that is pushed out by another loses its token");
        accounts::delete(&it.cx, "bob").await.unwrap();
        assert!(it.tokens().await.is_empty());
    });
}

#[test]
fn a_device_is_of_whoever_used_it_last() {
    on_both(|mut it: World| async move {
        let bob = it.login("bob", IPHONE).await;
        bob.give_token("the phone").await;
        bob.lose_connection().await;
        let carol = it.login("carol", IPHONE).await;
        carol.give_token("the phone").await;
        carol.lose_connection().await;
        it.send("alice", "bob", "secret").await;
        assert!(it.pushes().await.is_empty());
    });
}

#[test]
fn who_has_been_away_for_a_week_is_not_pushed_to_any_more() {
    on_both(|mut it: World| async move {
        it.away("bob", IPHONE).await;
        it.clock.advance(7 * 86_400_000);
        it.send("alice", "bob", "one").await;
        assert_eq!(it.told().await, ["bob"]);
        it.clock.advance(1000);
        it.send("alice", "bob", "two").await;
        assert!(it.pushes().await.is_empty());
    });
}

#[test]
fn a_message_says_how_it_is_pushed() {
    on_both(|mut it: World| async move {
        it.away("bob", IPHONE).await;
        it.send_with("alice", "bob", "one", |it| it.push_info = r#"{"PushFlag":1}"#.to_owned()).await;
        it.send_with("alice", "bob", "two", |it| it.options.online_only = true).await;
        assert_eq!(it.rows().await, 0);
        let info =
            json!({"Title": "T", "Desc": "D", "Ext": "E", "ApnsInfo": {"BadgeMode": 1, "Sound": "s.caf"}});
        it.send_with("alice", "bob", "three", |it| it.push_info = info.to_string()).await;
        let [push] = &it.pushes().await[..] else { panic!("one push") };
        let notice = &push.notice;
        assert_eq!((&*notice.title, &*notice.text, &*notice.info.ext), ("T", "D", "E"));
        assert_eq!((push.badge, &*notice.info.apple_sound), (None, "s.caf"));
        assert_eq!(
            (&*notice.from, &*notice.nick, notice.place.clone()),
            ("alice", "Nick of alice", Place::C2c)
        );
        // With a description alone the sender's name stands before it.
        it.send_with("alice", "bob", "four", |it| it.push_info = r#"{"Desc":"D"}"#.to_owned()).await;
        assert_eq!(it.pushed().await, pairs(&[("bob", "Nick of alice: D")]));
        let long = json!({"Ext": "x".repeat(17_000), "Title": "T"}).to_string();
        it.send_with("alice", "bob", "five", |it| it.push_info = long).await;
        assert_eq!(
            it.pushed().await,
            pairs(&[("bob", "Nick of alice: five")]),
            "too long a wish is not kept"
        );
    });
}

#[test]
fn what_the_receiver_wants_of_a_sender_holds_back_the_push() {
    on_both(|mut it: World| async move {
        it.away("bob", IPHONE).await;
        for (mute, respect, expected) in [(2, true, 0), (1, true, 0), (2, false, 1), (0, true, 1)] {
            messages::set_mute(&it.cx, "bob", "alice", mute).await.unwrap();
            it.send_with("alice", "bob", "hi", |it| it.options.respect_mute = respect).await;
            assert_eq!(it.pushes().await.len(), expected, "option {mute}, {respect}");
        }
    });
}

#[test]
fn do_not_disturb_holds_back_pushes_and_nothing_else() {
    on_both(|mut it: World| async move {
        let bob = it.login("bob", IPHONE).await;
        bob.give_token("t").await;
        let pause = |level| Record { level, start_at: START, end_at: START + 3600, is_repeated: true };
        do_not_disturb::set(&bob.cx, pause(2)).await.unwrap();
        bob.lose_connection().await;
        it.send("alice", "bob", "one").await;
        assert!(it.pushes().await.is_empty());
        assert_eq!(it.dropped(Dropped::Quiet), 1);
        it.clock.advance(3_600_000);
        it.send("alice", "bob", "two").await;
        let [push] = &it.pushes().await[..] else { panic!("one push after the pause") };
        assert_eq!(push.badge, Some(2), "what came in the pause is unread");
        it.clock.advance(86_400_000 - 3_600_000);
        it.send("alice", "bob", "three").await;
        assert!(it.pushes().await.is_empty(), "the pause comes back the next day");
    });
}

#[test]
fn members_who_are_away_are_pushed_to_by_one_row() {
    on_both(|mut it: World| async move {
        it.away("bob", IPHONE).await;
        it.away("carol", ANDROID).await;
        it.away("alice", IPHONE).await;
        it.group(Kind::Public, "team", &["bob", "carol"]).await;
        it.say("team", "hello").await;
        assert_eq!(it.rows().await, 1);
        let text = "Nick of alice(Team): hello";
        assert_eq!(it.pushed().await, pairs(&[("bob", text), ("carol", text)]), "and not the sender");
        assert_eq!(it.rows().await, 0);
    });
}

#[test]
fn the_receive_option_of_a_group_holds_back_the_push() {
    on_both(|mut it: World| async move {
        it.away("bob", IPHONE).await;
        it.away("carol", IPHONE).await;
        it.group(Kind::Public, "team", &["bob", "carol"]).await;
        it.receive_option("team", None, "bob", MsgFlag::AcceptNotNotify).await;
        it.receive_option("team", None, "carol", MsgFlag::Discard).await;
        it.say("team", "one").await;
        it.say_with("team", "for bob", |it| it.mentions = vec![Some("bob".to_owned())]).await;
        assert!(it.pushes().await.is_empty(), "a mention neither");
        assert_eq!(it.dropped(Dropped::Muted), 4);
        it.receive_option("team", None, "bob", MsgFlag::AcceptAndNotify).await;
        it.say("team", "two").await;
        assert_eq!(it.told().await, ["bob"]);
        // Meeting groups notify nobody unless the member says so.
        it.group(Kind::ChatRoom, "room", &["bob", "carol"]).await;
        it.receive_option("room", None, "carol", MsgFlag::AcceptAndNotify).await;
        it.say("room", "three").await;
        assert_eq!(it.told().await, ["carol"]);
    });
}

#[test]
fn the_stricter_option_of_a_topic_and_its_community_counts() {
    on_both(|mut it: World| async move {
        it.away("bob", IPHONE).await;
        it.away("carol", IPHONE).await;
        it.group(Kind::Community, "@TGS#_club", &["bob", "carol"]).await;
        let new = topics::NewTopic {
            group: "@TGS#_club".to_owned(),
            topic_id: None,
            texts: topics::Texts { name: Some("Cars".to_owned()), ..topics::Texts::default() },
            operator: None,
            imported_at: None,
        };
        let topic = topics::create(&it.cx, new).await.unwrap();
        it.pushes().await;
        it.receive_option("@TGS#_club", Some(&topic), "bob", MsgFlag::AcceptNotNotify).await;
        it.say_with("@TGS#_club", "one", |it| it.topic = Some(topic.clone())).await;
        let [push] = &it.pushes().await[..] else { panic!("one push") };
        assert_eq!(push.to, "carol");
        let Place::Group { topic: Some((id, name)), .. } = &push.notice.place else { panic!("a topic") };
        assert_eq!((&**id, &**name), (&*topic, "Cars"));
        it.receive_option("@TGS#_club", None, "carol", MsgFlag::AcceptNotNotify).await;
        it.say_with("@TGS#_club", "two", |it| it.topic = Some(topic.clone())).await;
        assert!(it.pushes().await.is_empty());
    });
}

#[test]
fn a_message_for_some_members_is_pushed_to_them_alone() {
    on_both(|mut it: World| async move {
        it.away("bob", IPHONE).await;
        it.away("carol", IPHONE).await;
        it.group(Kind::Public, "team", &["bob", "carol"]).await;
        it.say_with("team", "psst", |it| it.targets = vec!["carol".to_owned()]).await;
        let [push] = &it.pushes().await[..] else { panic!("one push") };
        assert_eq!((&*push.to, push.badge), ("carol", None), "it never counts as unread");
        it.say_with("team", "now", |it| it.options.online_only = true).await;
        assert!(it.pushes().await.is_empty());
    });
}

#[test]
fn what_is_recalled_before_it_goes_out_does_not_go_out() {
    on_both(|mut it: World| async move {
        it.away("bob", IPHONE).await;
        it.group(Kind::Public, "team", &["bob"]).await;
        it.pushes().await;
        let sent = it.send("alice", "bob", "oops").await;
        let named = Named { from: "alice".to_owned(), to: "bob".to_owned(), key: sent.key };
        messages::recall(&it.cx, named).await.unwrap();
        let seq = it.say("team", "oops").await;
        group_recall::recall(&it.cx, "team", None, vec![seq], "").await.unwrap();
        assert!(it.pushes().await.is_empty());
        assert_eq!((it.dropped(Dropped::Gone), it.rows().await), (2, 0));
    });
}

#[test]
fn the_badge_counts_what_is_unread() {
    on_both(|mut it: World| async move {
        it.group(Kind::Public, "team", &["bob"]).await;
        it.group(Kind::Public, "quiet", &["bob"]).await;
        it.receive_option("quiet", None, "bob", MsgFlag::AcceptNotNotify).await;
        it.away("bob", IPHONE).await;
        it.send("alice", "bob", "one").await;
        it.say("team", "two").await;
        it.say("quiet", "three").await;
        it.send_with("alice", "bob", "never counted", |it| it.options.no_unread = true).await;
        it.send("carol", "bob", "four").await;
        let badges: Vec<_> =
            it.pushes().await.into_iter().map(|it| (it.notice.text.clone(), it.badge)).collect();
        let of = |text: &str| badges.iter().find(|it| it.0.ends_with(text)).unwrap().1;
        assert_eq!((of("four"), of("two"), of("never counted")), (Some(3), Some(3), None));
    });
}

#[test]
fn a_device_that_says_what_it_shows_is_counted_on_from_there() {
    on_both(|mut it: World| async move {
        let bob = it.login("bob", IPHONE).await;
        bob.give_token("t").await;
        offline_push::in_background(&bob.cx, Some(7)).await.unwrap();
        for expected in [8, 9] {
            it.send("alice", "bob", &format!("message {expected}")).await;
            assert_eq!(it.pushes().await[0].badge, Some(expected));
        }
        offline_push::in_foreground(&bob.cx).await.unwrap();
        offline_push::in_background(&bob.cx, None).await.unwrap();
        it.send("alice", "bob", "again").await;
        assert_eq!(it.pushes().await[0].badge, Some(3), "it said nothing: the unread messages count");
    });
}

#[test]
fn a_push_to_all_that_waits_is_pushed_to_whom_it_is_for() {
    on_both(|it: World| async move {
        it.away("bob", IPHONE).await;
        it.away("carol", IPHONE).await;
        all_member_push::add_tags(&it.cx, vec![("bob".to_owned(), vec!["a".to_owned()])]).await.unwrap();
        let mut random = 0;
        let mut push = async |tags: &[&str], life_seconds, info: &str| {
            random += 1;
            let outgoing = all_member_push::Outgoing {
                from: "alice".to_owned(),
                random,
                life_seconds,
                body: body("news"),
                wanted: Wanted::Tags {
                    every: Vec::new(),
                    some: tags.iter().map(ToString::to_string).collect(),
                },
                push_info: info.to_owned(),
            };
            all_member_push::push(&it.cx, outgoing).await.unwrap();
            it.told().await
        };
        assert_eq!(push(&[], 60, "").await, ["bob", "carol"]);
        assert_eq!(push(&["a"], 60, "").await, ["bob"]);
        assert!(push(&[], 0, "").await.is_empty(), "it is only for those who are online");
        assert!(push(&[], 60, r#"{"PushFlag":1}"#).await.is_empty());
    });
}

#[test]
fn many_members_are_pushed_to_step_by_step_and_none_twice() {
    on_both(|mut it: World| async move {
        const MEMBERS: usize = 230;
        let names: Vec<String> = (0..MEMBERS).map(|nr| format!("m{nr:03}")).collect();
        for user in &names {
            it.away(user, IPHONE).await;
        }
        let members: Vec<&str> = names.iter().map(String::as_str).collect();
        it.set("groups.batch.create", json!(MEMBERS)).await;
        it.group(Kind::Public, "team", &members).await;
        it.say("team", "hello").await;
        assert_eq!(it.told().await, names);
        // A service that is down keeps the row as it is.
        it.service.answer(busy);
        it.say("team", "again").await;
        it.pushes().await;
        assert_eq!(it.rows().await, 1);
        it.service.answer(fine);
        it.clock.advance(5000);
        assert_eq!(it.told().await, names);
        assert_eq!((it.rows().await, APP), (0, it.cx.app.id));
    });
}
