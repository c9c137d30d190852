//! Who is let in at the REST door when several things are wrong at once: the order within rows 12, 14 and 15 of
//! `spec/concepts/rest-overview.md` 3, and UserSigs of the old kind.

use std::net::Ipv4Addr;

use serde_json::{Value, json};
use server::rest::{self, Line};

use crate::{
    matching::well_formed,
    place::{ADMIN, APP, Engine, LIFE, SECRET, START, World},
    run::block_on,
    wire::object,
};

const OTHER_APP: u32 = APP + 1;

async fn world(settings: Value) -> World {
    World::new(Engine::Sqlite, START, &object(settings)).await
}

/// The code of one good call but for these parameters.
async fn code(world: &World, path: &str, app: u32, user: &str, sig: &str, body: &'static str) -> i64 {
    let query = format!("sdkappid={app}&identifier={user}&usersig={sig}&random=1&contenttype=json");
    let source = Ipv4Addr::LOCALHOST.into();
    let line = Line { is_post: true, path, query: &query, source, secure: false, host: "127.0.0.1" };
    let answer = match rest::admit(&world.node, &line) {
        Ok(admitted) => rest::run(&world.node, admitted, body.into()).await,
        Err(refusal) => refusal,
    };
    well_formed(&answer).expect("every refusal is an answer")["ErrorCode"].as_i64().expect("a number")
}

async fn check(world: &World, user: &str, sig: &str) -> i64 {
    let (path, body) = ("/v4/im_open_login_svc/account_check", r#"{"CheckItem":[{"UserID":"x"}]}"#);
    code(world, path, APP, user, sig, body).await
}

async fn unread(world: &World) -> i64 {
    let (path, body) = ("/v4/openim/get_c2c_unread_msg_num", r#"{"To_Account":"administrator"}"#);
    code(world, path, APP, ADMIN, &world.sig(ADMIN), body).await
}

fn same(what: &str, expected: i64, got: i64) -> Result<(), String> {
    if expected == got { Ok(()) } else { Err(format!("{what}: expected {expected}, got {got}")) }
}

fn hmac(secret: &str, app: u32, user: &str, time: i64) -> String {
    proto::usersig::sign_hmac(secret, app, user, time, LIFE, None)
}

/// A key of the test vectors: the private and the public half.
fn keys(name: &str) -> (String, String) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/usersig-vectors.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let half = |it: &str| vectors["keys"][name][it].as_str().expect("a key").to_owned();
    (half("private_key_pem"), half("public_key_pem"))
}

fn old(private: &str, user: &str, time: i64) -> String {
    proto::usersig::sign_ecdsa(private, APP, user, time, LIFE, None).expect("a good key")
}

/// An app may have keys of both kinds, of one or of none.
pub fn old_user_sigs_need_a_key_of_their_kind() -> Result<(), String> {
    block_on(async {
        for curve in ["ec_secp256k1", "ec_p256"] {
            let other = if curve == "ec_p256" { "ec_secp256k1" } else { "ec_p256" };
            let ((private, public), (other, _)) = (keys(curve), keys(other));
            let both = json!({ "app.public_keys": [public] });
            let only_old = json!({ "app.public_keys": [public], "app.hmac_secrets": [] });
            let rows = [
                ("no key of the old kind", json!({}), old(&private, ADMIN, START), 70016),
                ("a key of both kinds", both.clone(), old(&private, ADMIN, START), 0),
                ("the new kind beside the old", both.clone(), hmac(SECRET, APP, ADMIN, START), 0),
                ("another key of the old kind", both.clone(), old(&other, ADMIN, START), 70009),
                ("the old kind, expired", both.clone(), old(&private, ADMIN, START - LIFE - 1), 70001),
                ("the old kind of another user", both, old(&private, "root", START), 70013),
                ("no key of the new kind", only_old, hmac(SECRET, APP, ADMIN, START), 70016),
            ];
            for (what, settings, sig, expected) in rows {
                let world = world(settings).await;
                same(&format!("{what} ({curve})"), expected, check(&world, ADMIN, &sig).await)?;
            }
        }
        Ok(())
    })
}

/// All that can be wrong with a UserSig, one thing less at a time.
pub fn the_first_fault_of_a_user_sig_is_answered() -> Result<(), String> {
    block_on(async {
        let world = world(json!({ "accounts.blocked": ["ann"] })).await;
        let (private, _) = keys("ec_p256");
        let long_ago = START - LIFE - 1;
        for (what, sig, expected) in [
            ("app, user, secret and time", hmac("guess", OTHER_APP, "bob", long_ago), 70014),
            ("user, secret and time", hmac("guess", APP, "bob", long_ago), 70013),
            ("kind, secret and time", old(&private, "ann", long_ago), 70016),
            ("secret and time", hmac("guess", APP, "ann", long_ago), 70009),
            ("time, and she is blocked", hmac(SECRET, APP, "ann", long_ago), 70001),
            ("she is blocked, and no administrator", hmac(SECRET, APP, "ann", START), 70051),
        ] {
            same(what, expected, check(&world, "ann", &sig).await)?;
        }
        Ok(())
    })
}

/// The penalty is one of the app and the user, and comes before all that a UserSig can say.
pub fn a_penalty_is_of_one_app_and_user() -> Result<(), String> {
    block_on(async {
        let world = world(json!({})).await;
        let mut settings = chat::settings::Settings::default();
        settings.set("app.hmac_secrets", json!([SECRET])).unwrap();
        world.chat().create_app(OTHER_APP, settings).await.unwrap();
        let others = hmac(SECRET, APP, "bob", START);
        let kinds =
            ["rubbish", &others, &hmac("guess", APP, ADMIN, START), &hmac(SECRET, OTHER_APP, ADMIN, START)];
        for (at, sig) in kinds.iter().cycle().take(20).enumerate() {
            let refused = check(&world, ADMIN, sig).await;
            if ![70003, 70009, 70013, 70014].contains(&refused) {
                return Err(format!("failure {at} is answered {refused}"));
            }
        }
        same("after 20 failures", 0, check(&world, ADMIN, &world.sig(ADMIN)).await)?;
        same("the 21st failure", 70003, check(&world, ADMIN, "rubbish").await)?;
        for (what, sig, expected) in [
            ("a good one", world.sig(ADMIN), 70050),
            ("an expired one", hmac(SECRET, APP, ADMIN, START - LIFE - 1), 70050),
            ("an empty one", String::new(), 70002),
        ] {
            same(what, expected, check(&world, ADMIN, &sig).await)?;
        }
        let (path, body) = ("/v4/im_open_login_svc/account_check", r#"{"CheckItem":[{"UserID":"x"}]}"#);
        let elsewhere =
            code(&world, path, OTHER_APP, ADMIN, &hmac(SECRET, OTHER_APP, ADMIN, START), body).await;
        same("the same name in another app", 0, elsewhere)?;
        world.advance(60);
        same("a minute later", 0, check(&world, ADMIN, &world.sig(ADMIN)).await)
    })
}

/// The command's rate is looked at before the app's, and only what runs counts.
pub fn what_the_app_refuses_does_not_count_for_the_command() -> Result<(), String> {
    block_on(async {
        let world = world(json!({ "limits.enforce": true, "limits.app_per_second": 1,
            "limits.rest.openim.get_c2c_unread_msg_num": 2 }))
        .await;
        let set = |key: &str, value: Value| world.chat().change_app(APP, vec![(key.to_owned(), value)]);
        same("the first", 0, unread(&world).await)?;
        for _ in 0..5 {
            same("the app has had its call", 60011, unread(&world).await)?;
        }
        set("limits.app_per_second", 0.into()).await.unwrap();
        same("the command has one left", 0, unread(&world).await)?;
        same("and no more", 60007, unread(&world).await)?;
        set("limits.app_per_second", 1.into()).await.unwrap();
        same("over both", 60007, unread(&world).await)?;
        same("another command", 60011, check(&world, ADMIN, &world.sig(ADMIN)).await)?;
        set("limits.enforce", false.into()).await.unwrap();
        for _ in 0..5 {
            same("switched off", 0, unread(&world).await)?;
        }
        set("limits.enforce", true.into()).await.unwrap();
        same("on again", 60007, unread(&world).await)?;
        world.advance(1);
        same("a second later", 0, unread(&world).await)
    })
}

/// A minute is any minute, not one that began with the first failure.
pub fn failures_count_in_any_minute() -> Result<(), String> {
    block_on(async {
        let world = world(json!({})).await;
        check(&world, ADMIN, "rubbish").await;
        world.advance(59);
        for _ in 0..19 {
            same("at second 59", 70003, check(&world, ADMIN, "rubbish").await)?;
        }
        world.advance(1);
        same("at second 60", 70003, check(&world, ADMIN, "rubbish").await)?;
        same("twenty within the minute", 0, check(&world, ADMIN, &world.sig(ADMIN)).await)?;
        same("the 21st of the minute", 70003, check(&world, ADMIN, "rubbish").await)?;
        same("after it", 70050, check(&world, ADMIN, &world.sig(ADMIN)).await)
    })
}
