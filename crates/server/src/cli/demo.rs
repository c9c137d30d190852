//! `magpie demo`: a server, two people, and every message shown on its way.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chat::clock::instant;
use client::{Client, Rest};
use serde_json::{Value, json};

use super::{
    Flags, place, say,
    serve::{self, Server},
};
use crate::{demo::Page, logs};

const ANN: &str = "ann";
const BEN: &str = "ben";
const NAMES: [(&str, &str); 2] = [(ANN, "Ann"), (BEN, "Ben")];
/// The group that both are in.
const GROUP: &str = "demo";
/// What making the group is answered when an earlier demo in this folder has made it.
const GROUP_EXISTS: i64 = 10025;
/// Longest wait for a message to arrive. On one machine it takes a millisecond.
const ARRIVAL: Duration = Duration::from_secs(10);

#[derive(clap::Args, Clone)]
pub struct Args {
    /// Ends after the show instead of leaving the server running.
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    serve: serve::Args,
}

pub async fn run(flags: &Flags, args: Args) -> anyhow::Result<()> {
    let mut config = args.serve.config(flags)?;
    if !args.serve.sets_log_level() {
        "warn".clone_into(&mut config.log.level);
    }
    logs::start(&config.log)?;
    let server = Box::pin(Server::start(config)).await?;
    let shown = show(&server).await;
    if args.once || shown.is_err() {
        server.stop().await;
        return shown;
    }
    say("");
    say("The server stays here until Ctrl-C.");
    let base = format!("http://{}", server.listen);
    let told = tokio::select! {
        told = serve::until_told(&server) => told,
        () = show_links(&server, &base) => Ok(()),
    };
    server.stop().await;
    told
}

/// Shows a link to the page whenever the one before has been used. Never ends.
async fn show_links(server: &Server, base: &str) {
    if let Some(page) = server.node.demo.get() {
        let mut tokens = page.tokens();
        while tokens.changed().await.is_ok() {
            say(format!(
                "The link has been used. Another one: {}",
                Page::link(base, &tokens.borrow_and_update())
            ));
        }
    }
    std::future::pending().await
}

/// The show; an error when a message did not arrive.
async fn show(server: &Server) -> anyhow::Result<()> {
    let app = place::app(&server.node.chat, None)?;
    let state = app.state();
    let admin = state.settings.app_admins.first().context("the app has no administrator")?.clone();
    let secret = state.settings.app_hmac_secrets.first().context("the app has no secret key")?.clone();
    drop(state);
    let base = format!("http://{}", server.listen);
    let rest = Rest::new(&base, app.id, &admin, &secret)?;

    say("");
    say("1. A backend imports two people by REST.");
    let list = NAMES.map(|(user, name)| json!({ "UserID": user, "Nick": name }));
    rest.call("im_open_login_svc/multiaccount_import", &json!({ "AccountList": list })).await?;

    say("2. Both log in over their sockets, as the Web SDK does.");
    let (ann, ben) = (login(&base, app.id, &rest, ANN).await?, login(&base, app.id, &rest, BEN).await?);

    say("3. The backend sends in Ann's name by REST; Ben's socket gets it.");
    let text = "Hello Ben, this came by REST.";
    let sent = instant();
    let body = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }]);
    let answer = rest
        .call(
            "openim/sendmsg",
            &json!({ "From_Account": ANN, "To_Account": BEN, "MsgSeq": 1, "MsgRandom": 1, "MsgBody": body }),
        )
        .await?;
    let answered = sent.elapsed();
    arrives(&ben, ANN, text).await?;
    report(text, answered, sent.elapsed());
    ensure!(answer["MsgKey"].is_string(), "the answer has no MsgKey: {answer}");

    say("4. Ben answers over his socket; Ann's socket gets it.");
    let text = "Hello Ann, this came over a socket.";
    let sent = instant();
    ben.send_message(ANN, text).await?;
    let answered = sent.elapsed();
    arrives(&ann, BEN, text).await?;
    report(text, answered, sent.elapsed());

    history(&rest).await?;
    ann.close().await;
    ben.close().await;
    open_page(server, app.id, &rest).await?;
    join_in(&base, app.id, &rest, &admin);
    if let Some(page) = server.node.demo.get() {
        say("");
        say("Be both of them, side by side in a page (the link works once):");
        say(Page::link(&base, &page.tokens().borrow()));
    }
    Ok(())
}

/// Makes the group and opens the page, if this binary has it.
async fn open_page(server: &Server, app: u32, rest: &Rest) -> anyhow::Result<()> {
    if !Page::is_built() {
        return Ok(());
    }
    let group = json!({
        "Type": "Public", "GroupId": GROUP, "Name": "Ann and Ben", "Owner_Account": ANN,
        "MemberList": [{ "Member_Account": BEN }],
    });
    match rest.call("group_open_http_svc/create_group", &group).await {
        Err(error) if error.code() == Some(GROUP_EXISTS) => {}
        made => drop(made?),
    }
    let person = |(user, name)| json!({ "userID": user, "name": name, "userSig": rest.user_sig(user) });
    let tickets = json!({ "SDKAppID": app, "groupID": GROUP, "people": NAMES.map(person) });
    let page = Page::new(tickets.to_string(), server.node.chat.random.clone());
    _ = server.node.demo.set(page);
    Ok(())
}

async fn login(base: &str, app: u32, rest: &Rest, user: &str) -> anyhow::Result<Client> {
    let page = format!("{:032x}", user.bytes().fold(0_u128, |sum, it| sum * 256 + u128::from(it)));
    let client = Client::connect(base, app, &page).await?;
    client.login(user, &rest.user_sig(user)).await?;
    Ok(client)
}

async fn arrives(client: &Client, from: &str, text: &str) -> anyhow::Result<()> {
    let arrived = async {
        loop {
            let push = client.next_push().await?;
            if push.texts().iter().any(|it| it.from == from && it.text == text) {
                return anyhow::Ok(());
            }
        }
    };
    match tokio::time::timeout(ARRIVAL, arrived).await {
        Ok(done) => done,
        Err(_) => bail!("{text:?} did not arrive within {} s", ARRIVAL.as_secs()),
    }
}

fn report(text: &str, answered: Duration, arrived: Duration) {
    let ms = |it: Duration| it.as_secs_f64() * 1000.0;
    say(format!("   {text:?}"));
    say(format!("   on disk and answered after {:.2} ms, shown after {:.2} ms", ms(answered), ms(arrived)));
}

async fn history(rest: &Rest) -> anyhow::Result<()> {
    say("5. What the server has of it:");
    let range = json!({
        "Operator_Account": ANN, "Peer_Account": BEN, "MaxCnt": 2, "MinTime": 0, "MaxTime": u32::MAX,
    });
    let answer = rest.call("openim/admin_getroammsg", &range).await?;
    let list = answer["MsgList"].as_array().context("the history has no MsgList")?;
    ensure!(list.len() == 2, "the history has {} messages instead of 2", list.len());
    for it in list {
        let text = &it["MsgBody"][0]["MsgContent"]["Text"];
        say(format!(
            "   {} -> {}: {text}  (MsgKey {})",
            name(it, "From_Account"),
            name(it, "To_Account"),
            name(it, "MsgKey")
        ));
    }
    for user in [ANN, BEN] {
        let answer = rest.call("openim/get_c2c_unread_msg_num", &json!({ "To_Account": user })).await?;
        say(format!("   unread of {user}: {}", answer["AllC2CUnreadMsgNum"]));
    }
    Ok(())
}

fn name<'a>(of: &'a Value, field: &str) -> &'a str {
    of[field].as_str().unwrap_or_default()
}

/// How to go on by hand.
fn join_in(base: &str, app: u32, rest: &Rest, admin: &str) {
    let sig = rest.user_sig(admin);
    let body = format!(
        r#"{{"From_Account":"{ANN}","To_Account":"{BEN}","MsgRandom":2,"MsgBody":[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"one more"}}}}]}}"#
    );
    say("");
    say("Send one more:");
    say(format!(
        "curl '{base}/v4/openim/sendmsg?sdkappid={app}&identifier={admin}&usersig={sig}&random=1&contenttype=json' -d '{body}'"
    ));
    say("");
    say("Join in with the Web SDK (npm install @tencentcloud/chat):");
    let socket = base.replacen("http", "ws", 1);
    say(format!("  const chat = TencentCloudChat.create({{ SDKAppID: {app}, proxyServer: '{socket}' }});"));
    say(format!("  await chat.login({{ userID: '{BEN}', userSig: '{}' }});", rest.user_sig(BEN)));
    say("");
    say(format!("Every command, to read and to try: {base}/docs"));
}
