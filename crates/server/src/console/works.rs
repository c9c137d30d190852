//! Long work: replays, exports and imports that run on the server, with their progress, and ending them early.

use std::{panic::AssertUnwindSafe, sync::Arc};

use chat::{
    Cx,
    apps::App,
    console::{
        Role, Trouble,
        audit::Deed,
        import::{Line, import_users},
        works::{Running, Work},
    },
    webhooks::log::{Again, SECOND_MAX, times},
};
use futures_util::FutureExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    commands,
    endpoint::{Ask, Endpoint, Nothing, Refusal, Rest, Verb, get, json_answer, post},
    exports::{self, Form, What},
    pages, uploads,
};
use crate::{http::Answer, node::Node};

pub const LIST: Endpoint =
    get!("apps/{sdkappid}/works", Some(Role::Viewer), "Lists long work, newest first.", [], Listed, list);
pub const REPLAY: Endpoint = post!(
    "apps/{sdkappid}/works/replay", Some(Role::Operator), "Begins to deliver many events once more.",
    Replay => Shown, replay
);
pub const EXPORT: Endpoint = post!(
    "apps/{sdkappid}/works/export", Some(Role::Operator), "Begins to write all users or groups into a file.",
    Export => Shown, export
);
pub const IMPORT: Endpoint = Endpoint {
    verb: Verb::Post,
    path: "apps/{sdkappid}/works/import",
    role: Some(Role::Operator),
    summary: "Begins to import the users of a file.",
    query: &[],
    body_bytes: IMPORT_BYTES_MAX,
    run: |ask| Box::pin(import(ask)),
    schema: |it| (Some(it.subschema_for::<Import>()), Some(it.subschema_for::<Shown>())),
};
pub const CANCEL: Endpoint = post!(
    "apps/{sdkappid}/works/{id}/cancel", Some(Role::Operator), "Ends long work after the batch it is at.",
    Nothing => Shown, cancel
);
pub const FILE: Endpoint = Endpoint {
    verb: Verb::Get,
    path: "apps/{sdkappid}/works/{id}/file",
    role: Some(Role::Operator),
    summary: "Gives the file that an export made.",
    query: &[],
    body_bytes: 0,
    run: |ask| Box::pin(file(ask)),
    schema: |_| (None, None),
};

/// Bytes of the body that brings a file with users.
pub const IMPORT_BYTES_MAX: usize = 16 << 20;
/// Accounts of one call of the REST command that imports; so many are shown of it.
const ACCOUNTS_MAX: usize = 100;

#[derive(Serialize, JsonSchema)]
struct Listed {
    works: Vec<Shown>,
}

#[derive(Serialize, JsonSchema)]
struct Shown {
    id: i64,
    kind: &'static str,
    state: &'static str,
    /// It ends after its batch.
    stopping: bool,
    done: i64,
    total: i64,
    /// Events put back, lines written, or users imported.
    count: i64,
    /// Lines that were not taken.
    failed: i64,
    /// The first of them.
    faults: Vec<Fault>,
    by: String,
    started_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// The name of its file, while that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<Rest>,
}

#[derive(Serialize, JsonSchema)]
struct Fault {
    line: i64,
    why: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Replay {
    first: Option<i64>,
    last: Option<i64>,
    from: Option<i64>,
    until: Option<i64>,
    #[serde(default)]
    command: String,
    #[serde(default)]
    delivered: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Export {
    what: What,
    form: Form,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Import {
    form: Form,
    /// The whole file.
    text: String,
}

/// What is to be done.
enum Task {
    Replay(Again),
    Export(What, Form),
    Import(Cx, Vec<Line>),
}

fn shown(it: &Work) -> Shown {
    let progress = it.progress();
    Shown {
        id: it.id,
        kind: it.kind,
        state: progress.state.name(),
        stopping: progress.is_stopping,
        done: progress.done,
        total: progress.total,
        count: progress.count,
        failed: progress.failed,
        faults: progress.faults.into_iter().map(|(line, why)| Fault { line, why }).collect(),
        by: it.by.clone(),
        started_at: it.started_at,
        ended_at: pages::moment(progress.ended_at),
        failure: Some(progress.failure).filter(|it| !it.is_empty()),
        bytes: progress.file.as_ref().map(|it| it.bytes),
        file: progress.file.map(|it| it.name.clone()),
        rest: None,
    }
}

async fn list(ask: &Ask) -> Result<Listed, Refusal> {
    let app = ask.app()?;
    Ok(Listed { works: ask.node.chat.console.works.of(app.id).iter().map(|it| shown(it)).collect() })
}

async fn replay(ask: &Ask, it: Replay) -> Result<Shown, Refusal> {
    let app = ask.app()?;
    let given = [("first", it.first), ("last", it.last), ("from", it.from), ("until", it.until)];
    if given.iter().all(|it| it.1.is_none()) {
        return Err(Refusal::bad("a range is missing: first and last, or from and until"));
    }
    if [it.from, it.until].into_iter().flatten().any(|it| !(0..=SECOND_MAX).contains(&it)) {
        return Err(Refusal::bad("from and until are Unix seconds"));
    }
    let ids = (it.first.unwrap_or(1), it.last.unwrap_or(i64::MAX));
    let times = times(it.from, it.until);
    if ids.1 < ids.0 || times.1 < times.0 {
        return Err(Refusal::bad("the range ends before it begins"));
    }
    let mut detail = json!({ "delivered": it.delivered });
    for (name, value) in given {
        if let Some(value) = value {
            detail[name] = value.into();
        }
    }
    if !it.command.is_empty() {
        detail["command"] = it.command.clone().into();
    }
    let again = Again { ids, times, command: it.command, delivered: it.delivered };
    begin(ask, &app, ("webhooks.replay", &detail), Task::Replay(again)).await
}

async fn export(ask: &Ask, it: Export) -> Result<Shown, Refusal> {
    let app = ask.app()?;
    let kind = match it.what {
        What::Users => "users.export",
        What::Groups => "groups.export",
    };
    let detail = json!({ "form": it.form.name() });
    let begun = begin(ask, &app, (kind, &detail), Task::Export(it.what, it.form)).await?;
    let list =
        || Rest::new("group_open_http_svc/get_appid_group_list", json!({ "Limit": 10_000, "Next": 0 }));
    Ok(Shown { rest: (it.what == What::Groups).then(list), ..begun })
}

/// The body may be long: it is read where it holds up nobody.
async fn import(ask: &Ask) -> Result<Answer, Refusal> {
    let (app, body) = (ask.app()?, ask.raw_body().clone());
    let cx = commands::as_admin(ask, &app)?;
    let read = tokio::task::spawn_blocking(move || {
        let it: Import =
            serde_json::from_slice(&body).map_err(|it| Refusal::bad(format!("the body: {it}")))?;
        let lines = uploads::users(it.form, &it.text).map_err(Refusal::bad)?;
        Ok::<_, Refusal>((it.form, lines))
    });
    let (form, lines) = read.await.map_err(|it| Refusal::internal(it.to_string()))??;
    let rest = Rest::new("im_open_login_svc/multiaccount_import", accounts(&lines));
    let detail = json!({ "form": form.name(), "users": lines.len() });
    let begun = begin(ask, &app, ("users.import", &detail), Task::Import(cx, lines)).await?;
    json_answer(&Shown { rest: Some(rest), ..begun })
}

/// The first call by which a backend would import them.
fn accounts(lines: &[Line]) -> Value {
    let users = lines.iter().filter_map(|it| it.1.as_ref().ok()).take(ACCOUNTS_MAX);
    let list = users.map(|it| {
        let mut account = json!({ "UserID": it.import.user });
        for (name, value) in [("Nick", &it.import.nick), ("FaceUrl", &it.import.face)] {
            if let Some(value) = value {
                account[name] = value.clone().into();
            }
        }
        account
    });
    json!({ "AccountList": list.collect::<Vec<_>>() })
}

async fn cancel(ask: &Ask, _: Nothing) -> Result<Shown, Refusal> {
    let (app, id, works) = (ask.app()?, number(ask)?, &ask.node.chat.console.works);
    let detail = json!({ "id": id }).to_string();
    let kind = works.get(app.id, id)?.kind;
    ask.audit(Deed { app: app.id, detail, ..Deed::new("works.cancel", kind) }).await?;
    Ok(shown(&*works.cancel(app.id, id)?))
}

fn number(ask: &Ask) -> Result<i64, Refusal> {
    ask.parameter("id").parse().map_err(|_| Refusal::bad("the id must be a number"))
}

/// Writes down that a work begins, and lets it run beside everything else, until it ends or the server does.
async fn begin(
    ask: &Ask,
    app: &Arc<App>,
    (kind, detail): (&'static str, &Value),
    task: Task,
) -> Result<Shown, Refusal> {
    ask.audit(Deed { app: app.id, detail: detail.to_string(), ..Deed::new(kind, "") }).await?;
    let chat = &ask.node.chat;
    let running = chat.console.works.begin(app.id, kind, &ask.session()?.name, &chat.clock)?;
    let first = shown(&running);
    let (node, app, mut stopping) = (ask.node.clone(), app.clone(), ask.stopping.clone());
    tokio::spawn(async move {
        let work = AssertUnwindSafe(carry_out(&node, &app, &running, task)).catch_unwind();
        let ran = tokio::select! {
            it = work => it,
            () = crate::http::stopped(&mut stopping) => return,
        };
        let outcome = ran.unwrap_or_else(|_| {
            node.metrics.panics.inc();
            Err(Refusal::internal("a panic"))
        });
        match outcome {
            Ok(is_whole) => running.end(is_whole),
            Err(refusal) => {
                tracing::error!(kind = running.kind, error = %refusal.message, "long work of the console failed");
                running.fail(refusal.words().to_owned());
            }
        }
    });
    Ok(first)
}

/// False when it was told to stop before its end.
async fn carry_out(node: &Node, app: &Arc<App>, work: &Running, task: Task) -> Result<bool, Refusal> {
    match task {
        Task::Replay(again) => {
            let done = node.chat.replay_as_work(app.id, again, work).await;
            Ok(done.map_err(Trouble::from)?)
        }
        Task::Export(what, form) => Box::pin(exports::write(node, app, work, (what, form))).await,
        Task::Import(cx, lines) => Ok(Box::pin(import_users(&cx, lines, work)).await?),
    }
}

async fn file(ask: &Ask) -> Result<Answer, Refusal> {
    let app = ask.app()?;
    let work = ask.node.chat.console.works.get(app.id, number(ask)?)?;
    let gone = || Refusal::not_found("there is no file, or no longer");
    let made = work.progress().file.ok_or_else(gone)?;
    let detail = json!({ "id": work.id, "file": made.name }).to_string();
    ask.audit(Deed { app: app.id, detail, ..Deed::new("works.download", work.kind) }).await?;
    exports::answer(made).await
}
