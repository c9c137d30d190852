//! What is checked before a REST command runs: every row of `spec/concepts/rest-overview.md` 3, their order, and
//! the limits of its section 5.

use std::net::IpAddr;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use server::{command::services, rest};

use crate::{
    matching::well_formed,
    place::{ADMIN, APP, Engine, LIFE, SECRET, START, World},
    run::block_on,
    wire::object,
};

/// A request that is good but for what a test makes wrong.
#[derive(Clone)]
struct Call {
    is_post: bool,
    secure: bool,
    path: String,
    query: Vec<(&'static str, Option<String>)>,
    source: IpAddr,
    body: Bytes,
}

const CHECK: &str = "/v4/im_open_login_svc/account_check";
const GOOD_BODY: &[u8] = br#"{"CheckItem":[{"UserID":"x"}]}"#;

impl Call {
    fn good(world: &World) -> Call {
        let text = |it: &str| Some(it.to_owned());
        Call {
            is_post: true,
            secure: true,
            path: CHECK.to_owned(),
            query: vec![
                ("sdkappid", text(&APP.to_string())),
                ("identifier", text(ADMIN)),
                ("usersig", Some(world.sig(ADMIN))),
                ("random", text("99999999")),
                ("contenttype", text("json")),
            ],
            source: [127, 0, 0, 1].into(),
            body: Bytes::from_static(GOOD_BODY),
        }
    }

    fn at(mut self, path: &str) -> Call {
        self.path = path.to_owned();
        self
    }

    fn with(mut self, name: &str, value: &str) -> Call {
        let found = self.query.iter_mut().find(|it| it.0 == name).expect("a parameter that is there");
        found.1 = Some(value.to_owned());
        self
    }

    fn without(mut self, name: &str) -> Call {
        self.query.retain(|it| it.0 != name);
        self
    }

    fn sent(mut self, body: impl Into<Bytes>) -> Call {
        self.body = body.into();
        self
    }

    fn get(mut self) -> Call {
        self.is_post = false;
        self
    }

    fn plain(mut self) -> Call {
        self.secure = false;
        self
    }

    fn from(mut self, source: &str) -> Call {
        self.source = source.parse().unwrap();
        self
    }

    fn query_text(&self) -> String {
        let pair = |(name, value): &(&str, Option<String>)| match value {
            Some(value) => format!("{name}={value}"),
            None => (*name).to_owned(),
        };
        self.query.iter().map(pair).collect::<Vec<_>>().join("&")
    }

    async fn code(&self, world: &World) -> i64 {
        let query = self.query_text();
        let line = rest::Line {
            is_post: self.is_post,
            path: &self.path,
            query: &query,
            source: self.source,
            secure: self.secure,
            host: "127.0.0.1",
        };
        let answer = match rest::admit(&world.node, &line) {
            Ok(it) if self.body.len() > it.body_max => rest::too_long(&it),
            Ok(it) => rest::run(&world.node, it, self.body.clone()).await,
            Err(refusal) => refusal,
        };
        let answer = well_formed(&answer).expect("every refusal is an answer");
        answer["ErrorCode"].as_i64().expect("a number")
    }
}

async fn world(settings: Value) -> World {
    World::new(Engine::Sqlite, START, &object(settings)).await
}

fn sig(secret: &str, app: u32, user: &str, time: i64, life: i64) -> String {
    proto::usersig::sign_hmac(secret, app, user, time, life, None)
}

async fn expect(world: &World, rows: Vec<(&str, i64, Call)>) -> Result<(), String> {
    for (what, expected, call) in rows {
        let code = call.code(world).await;
        if code != expected {
            return Err(format!("{what}: expected {expected}, got {code}"));
        }
    }
    Ok(())
}

/// Rows 1 to 13 and 17, one fault at a time.
pub fn each_fault_has_its_code() -> Result<(), String> {
    block_on(async {
        let world = world(json!({})).await;
        let good = || Call::good(&world);
        expect(
            &world,
            vec![
                ("nothing", 0, good()),
                ("percent-encoding cut off", 60002, good().with("identifier", "a%2")),
                ("percent-encoding of no byte", 60002, good().with("random", "%zz")),
                ("percent-encoding of no letter", 60002, good().with("identifier", "%ff%fe")),
                ("contenttype xml", 60002, good().with("contenttype", "xml")),
                ("contenttype absent", 0, good().without("contenttype")),
                ("GET", 60002, good().get()),
                ("no path", 60009, good().at("/")),
                ("version 3", 60009, good().at("/v3/im_open_login_svc/account_check")),
                ("unknown service", 60009, good().at("/v4/im_open_login/account_check")),
                ("unknown command", 60009, good().at("/v4/im_open_login_svc/account_chek")),
                ("command of another service", 60009, good().at("/v4/openim/account_check")),
                ("command of the socket only", 60009, good().at("/v4/openim/getmsg")),
                ("other letters", 60009, good().at("/v4/im_open_login_svc/Account_check")),
                ("one segment", 60009, good().at("/v4/im_open_login_svc")),
                ("three segments", 60009, good().at(&format!("{CHECK}/x"))),
                ("slash at the end", 60009, good().at(&format!("{CHECK}/"))),
                ("unknown group command", 10003, good().at("/v4/group_open_http_svc/x")),
                ("unknown attribute command", 10003, good().at("/v4/group_open_attr_http_svc/x")),
                ("unknown live room command", 10003, good().at("/v4/group_open_avchatroom_http_svc/x")),
                ("unknown community command", 10003, good().at("/v4/million_group_open_http_svc/x")),
                ("group service alone", 60009, good().at("/v4/group_open_http_svc")),
                ("no sdkappid", 60012, good().without("sdkappid")),
                ("sdkappid of letters", 60006, good().with("sdkappid", "x")),
                ("sdkappid empty", 60006, good().with("sdkappid", "")),
                ("sdkappid 0", 60006, good().with("sdkappid", "0")),
                ("sdkappid negative", 60006, good().with("sdkappid", "-1")),
                ("sdkappid with a sign", 60006, good().with("sdkappid", "%2B1400000001")),
                ("sdkappid over 32 bits", 60006, good().with("sdkappid", "4294967296")),
                ("no such app", 70020, good().with("sdkappid", "4294967295")),
                ("no identifier", 60004, good().without("identifier")),
                ("identifier empty", 60004, good().with("identifier", "")),
                ("no usersig", 60005, good().without("usersig")),
                ("usersig empty", 70002, good().with("usersig", "")),
                ("body no JSON", 70402, good().sent("{")),
                ("body empty", 70402, good().sent("")),
                ("body a list", 70402, good().sent("[{}]")),
            ],
        )
        .await
    })
}

/// Row 12 and 13, and section "Authentication outcomes in short".
pub fn user_sigs_have_their_codes() -> Result<(), String> {
    block_on(async {
        let blocked = json!({ "accounts.blocked": ["blocked"], "app.admins": [ADMIN, "blocked"] });
        let world = world(blocked).await;
        let with =
            |user: &str, sig: String| Call::good(&world).with("identifier", user).with("usersig", &sig);
        let other = SECRET.replace('5', "6");
        let good = world.sig(ADMIN);
        expect(
            &world,
            vec![
                ("cut off", 70003, with(ADMIN, good[..good.len() - 9].to_owned())),
                ("garbled", 70003, with(ADMIN, "eJwtzF1rwjAUh".to_owned())),
                ("of another app", 70014, with(ADMIN, sig(SECRET, APP + 1, ADMIN, START, LIFE))),
                ("of another user", 70013, with(ADMIN, world.sig("administrato"))),
                ("of another letter case", 70013, with(ADMIN, world.sig("Administrator"))),
                ("with another secret", 70009, with(ADMIN, sig(&other, APP, ADMIN, START, LIFE))),
                ("expired", 70001, with(ADMIN, sig(SECRET, APP, ADMIN, START - 101, 100))),
                ("in its last second", 0, with(ADMIN, sig(SECRET, APP, ADMIN, START - 100, 100))),
                ("from the future", 0, with(ADMIN, sig(SECRET, APP, ADMIN, START + 1000, 100))),
                ("blocked by the operator", 70051, with("blocked", world.sig("blocked"))),
                ("of an ordinary user", 60010, with("ann", world.sig("ann"))),
            ],
        )
        .await?;
        let world = World::new(Engine::Sqlite, START, &object(json!({ "app.hmac_secrets": [] }))).await;
        let no_key = Call::good(&world);
        expect(&world, vec![("no key of that kind", 70016, no_key)]).await
    })
}

/// What it is, the app's settings, the call that is made, and the code.
type Forbidden = (&'static str, Value, fn(Call) -> Call, i64);

/// Rows 7, 8 and plain HTTP, which depend on the app.
pub fn what_an_app_forbids_has_its_code() -> Result<(), String> {
    block_on(async {
        let rows: [Forbidden; 9] = [
            ("disabled", json!({ "app.enabled": false }), |it| it, 60016),
            ("no list of sources", json!({}), |it| it.from("203.0.113.9"), 0),
            ("on the list", json!({ "app.rest_ip_allow": ["10.0.0.0/8"] }), |it| it.from("10.9.8.7"), 0),
            (
                "mapped address on it",
                json!({ "app.rest_ip_allow": ["10.0.0.0/8"] }),
                |it| it.from("::ffff:10.0.0.1"),
                0,
            ),
            (
                "not on the list",
                json!({ "app.rest_ip_allow": ["10.0.0.0/8", "::1"] }),
                |it| it.from("11.0.0.1"),
                60021,
            ),
            ("HTTPS only, plain", json!({ "app.plain_http": false }), Call::plain, 60002),
            ("HTTPS only, TLS", json!({ "app.plain_http": false }), |it| it, 0),
            ("plain where it is allowed", json!({}), Call::plain, 0),
            ("another administrator", json!({ "app.admins": ["root"] }), |it| it, 60010),
        ];
        for (what, settings, change, code) in rows {
            let world = world(settings).await;
            let call = change(Call::good(&world));
            expect(&world, vec![(what, code, call)]).await?;
        }
        Ok(())
    })
}

/// Everything is wrong, and then one thing less at a time.
pub fn the_first_fault_is_answered() -> Result<(), String> {
    block_on(async {
        let settings = json!({ "app.enabled": false, "app.rest_ip_allow": ["10.0.0.0/8"], "limits.enforce": true,
            "limits.rest.im_open_login_svc.account_check": 1, "limits.body_bytes": 100 });
        let world = world(settings).await;
        let set = |key: &str, value: Value| world.chat().change_app(APP, vec![(key.to_owned(), value)]);
        let mut call = Call::good(&world).get().at("/v4/x/y").sent(vec![b'x'; 101]);
        call.query = vec![("contenttype", Some("%".to_owned()))];
        let check = |expected: i64, call: Call| {
            let world = &world;
            async move { expect(world, vec![("in order", expected, call)]).await }
        };
        check(60002, call.clone()).await?;
        call.query = vec![("contenttype", Some("xml".to_owned()))];
        check(60002, call.clone()).await?;
        call.query = vec![];
        check(60002, call.clone()).await?;
        call.is_post = true;
        check(60009, call.clone()).await?;
        call.path = CHECK.to_owned();
        check(60012, call.clone()).await?;
        call.query.push(("sdkappid", Some("0".to_owned())));
        check(60006, call.clone()).await?;
        call.query.push(("sdkappid", Some("7".to_owned())));
        check(70020, call.clone()).await?;
        call.query.push(("sdkappid", Some(APP.to_string())));
        check(60016, call.clone()).await?;
        set("app.enabled", true.into()).await.unwrap();
        check(60021, call.clone()).await?;
        set("app.rest_ip_allow", json!([])).await.unwrap();
        check(60004, call.clone()).await?;
        call.query.push(("identifier", Some("ann".to_owned())));
        check(60005, call.clone()).await?;
        call.query.push(("usersig", None));
        check(70002, call.clone()).await?;
        call.query.push(("usersig", Some("x".to_owned())));
        check(70003, call.clone()).await?;
        call.query.push(("usersig", Some(world.sig("ann"))));
        check(60010, call.clone()).await?;
        call.query.push(("identifier", Some(ADMIN.to_owned())));
        call.query.push(("usersig", Some(world.sig(ADMIN))));
        check(60002, call.clone()).await?;
        check(60007, call.clone()).await?;
        world.advance(1);
        check(70402, call.clone().sent("x")).await?;
        world.advance(1);
        check(0, call.sent(GOOD_BODY)).await
    })
}

/// A body of the limit is read and one byte more is not, with the code of its service.
pub fn long_bodies_have_the_code_of_their_service() -> Result<(), String> {
    block_on(async {
        let world = world(json!({ "limits.body_bytes": 200 })).await;
        let padded = |body: &str, length: usize| format!("{body}{}", " ".repeat(length - body.len()));
        let bodies = [
            ("openim/get_c2c_unread_msg_num", r#"{"To_Account":"administrator"}"#, 93000),
            ("im_open_login_svc/account_check", r#"{"CheckItem":[{"UserID":"x"}]}"#, 60002),
            (
                "profile/portrait_get",
                r#"{"To_Account":["administrator"],"TagList":["Tag_Profile_IM_Nick"]}"#,
                60002,
            ),
        ];
        for (command, body, code) in bodies {
            let call = Call::good(&world).at(&format!("/v4/{command}"));
            let rows = vec![
                (command, 0, call.clone().sent(padded(body, 200))),
                (command, code, call.sent(padded(body, 201))),
            ];
            expect(&world, rows).await?;
        }
        Ok(())
    })
}

/// The table under row 18, for services of which no command is built yet too.
pub fn a_body_that_is_no_json_has_the_code_of_its_service() -> Result<(), String> {
    for (service, code) in [
        ("openim", 90001),
        ("all_member_push", 90001),
        ("openconfigsvr", 130_001),
        ("group_open_http_svc", 10011),
        ("group_open_attr_http_svc", 10011),
        ("group_open_avchatroom_http_svc", 10011),
        ("million_group_open_http_svc", 10011),
        ("openim_msg_ext_http_svc", 10011),
        ("profile", 40001),
        ("sns", 30001),
        ("follow", 30001),
        ("recentcontact", 50002),
        ("im_open_login_svc", 70402),
        ("open_msg_svc", 1002),
        ("ConfigSvc", 60003),
        ("openim_robot_http_svc", 60003),
    ] {
        let mine = services::bad_json(service).number();
        if mine != code {
            return Err(format!("{service}: expected {code}, got {mine}"));
        }
    }
    Ok(())
}

/// So many of `count` calls get through, and the others this code.
async fn passes(world: &World, call: &Call, count: usize, passing: usize, code: i64) -> Result<(), String> {
    let mut codes = Vec::new();
    for _ in 0..count {
        codes.push(call.code(world).await);
    }
    let passed = codes.iter().filter(|it| **it == 0).count();
    match codes.iter().find(|it| **it != 0 && **it != code) {
        Some(other) => Err(format!("a refused call is answered {other}")),
        None if passed != passing => Err(format!("of {count} calls {passed} pass, not {passing}")),
        None => Ok(()),
    }
}

pub fn each_command_has_its_rate() -> Result<(), String> {
    block_on(async {
        let slow = "/v4/openim/get_c2c_unread_msg_num";
        let body = r#"{"To_Account":"administrator"}"#;
        let world = world(json!({ "limits.enforce": true })).await;
        let check = Call::good(&world);
        let unread = Call::good(&world).at(slow).sent(body);
        passes(&world, &check, 150, 100, 60007).await?;
        passes(&world, &unread, 250, 200, 60007).await?;
        world.advance(1);
        passes(&world, &check, 150, 100, 60007).await?;
        // What is refused before does not count.
        world.advance(1);
        let stranger = check.clone().with("identifier", "ann").with("usersig", &world.sig("ann"));
        passes(&world, &stranger, 150, 0, 60010).await?;
        passes(&world, &check, 100, 100, 60007).await
    })
}

pub fn rates_are_settings() -> Result<(), String> {
    block_on(async {
        let unread = |world: &World| {
            Call::good(world)
                .at("/v4/openim/get_c2c_unread_msg_num")
                .sent(r#"{"To_Account":"administrator"}"#)
        };
        let on = |key: &str, value: u32| object(json!({ "limits.enforce": true, key: value }));
        let rows: [(Map<String, Value>, usize, i64); 6] = [
            (on("limits.rest_per_second", 3), 3, 60007),
            (on("limits.rest.openim.get_c2c_unread_msg_num", 2), 2, 60007),
            (on("limits.rest.openim.get_c2c_unread_msg_num", 0), 300, 60007),
            (on("limits.rest.openim.sendmsg", 1), 200, 60007),
            (on("limits.app_per_second", 5), 5, 60011),
            (object(json!({ "limits.enforce": false, "limits.rest_per_second": 1 })), 300, 60007),
        ];
        for (settings, passing, code) in rows {
            let world = World::new(Engine::Sqlite, START, &settings).await;
            let call = unread(&world);
            passes(&world, &call, 300, passing, code).await.map_err(|it| format!("{settings:?}: {it}"))?;
        }
        // The app's total counts all commands together.
        let world = World::new(Engine::Sqlite, START, &on("limits.app_per_second", 5)).await;
        passes(&world, &unread(&world), 3, 3, 60011).await?;
        passes(&world, &Call::good(&world), 3, 2, 60011).await
    })
}

/// More than 20 wrong UserSigs of one user within a minute cost the next minute.
pub fn guessing_costs_a_minute() -> Result<(), String> {
    block_on(async {
        let world = world(json!({ "app.admins": [ADMIN, "root"] })).await;
        let good = |world: &World| Call::good(world);
        let wrong = good(&world).with("usersig", &sig("guess", APP, ADMIN, START, LIFE));
        let old = good(&world).with("usersig", &sig(SECRET, APP, ADMIN, START - 9, 1));
        passes(&world, &old, 30, 0, 70001).await?;
        passes(&world, &wrong, 21, 0, 70009).await?;
        let root = good(&world).with("identifier", "root").with("usersig", &world.sig("root"));
        expect(
            &world,
            vec![("wrong", 70050, wrong.clone()), ("right", 70050, good(&world)), ("other user", 0, root)],
        )
        .await?;
        world.advance(59);
        expect(&world, vec![("the last second", 70050, good(&world))]).await?;
        world.advance(1);
        expect(&world, vec![("a minute later", 0, good(&world)), ("wrong again", 70009, wrong.clone())])
            .await?;
        // Twenty a minute are never too many.
        for _ in 0..3 {
            world.advance(60);
            passes(&world, &wrong, 20, 0, 70009).await?;
            expect(&world, vec![("right", 0, good(&world))]).await?;
        }
        Ok(())
    })
}

pub fn guessing_may_be_made_cheap() -> Result<(), String> {
    block_on(async {
        let world = world(json!({ "usersig.max_failures": 0 })).await;
        let wrong = Call::good(&world).with("usersig", "rubbish");
        passes(&world, &wrong, 100, 0, 70003).await?;
        expect(&world, vec![("right", 0, Call::good(&world))]).await
    })
}
