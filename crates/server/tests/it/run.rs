//! Runs one case on one engine.

use std::{net::Ipv4Addr, ops::Range};

use serde_json::{Map, Value, value::RawValue};
use server::rest::{self, Line};

use crate::{
    case::{Case, File, Step, Who, expand},
    clients::Client,
    document,
    hooks::{self, Backend},
    language::Services,
    matching::{compare, layout, well_formed},
    place::{ADMIN, APP, Engine, START, World},
    wire,
};

/// What of a case does not fit, and how its file would have to read instead.
#[derive(Default)]
pub struct Findings {
    pub faults: Vec<String>,
    pub edits: Vec<(Range<usize>, String)>,
}

/// Runs the case and says what is wrong. With `ACCEPT` set the file is changed instead, as far as it may be.
pub fn run(file: &File, engine: Engine) -> Result<(), String> {
    let text = file.text();
    let findings = run_text(file, &text, engine)?;
    if findings.faults.is_empty() {
        return Ok(());
    }
    if std::env::var_os("ACCEPT").is_none() || findings.edits.len() < findings.faults.len() {
        return Err(findings.faults.join("\n"));
    }
    let mut text = text;
    let mut edits = findings.edits;
    edits.sort_by_key(|it| std::cmp::Reverse(it.0.start));
    for (range, new) in edits {
        text.replace_range(range, &new);
    }
    std::fs::write(&file.path, text).map_err(|it| it.to_string())
}

fn run_text(file: &File, text: &str, engine: Engine) -> Result<Findings, String> {
    let case = Case::read(text)?;
    let given = case.given.iter().map(|it| Step::read(it)).collect::<Result<Vec<_>, _>>()?;
    block_on(play(file, text, &case, given, engine))
}

/// A runtime for one test.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let done = runtime.block_on(Box::pin(work));
    // What a socket of the test left behind need not be waited for.
    runtime.shutdown_background();
    done
}

async fn play(
    file: &File,
    text: &str,
    case: &Case<'_>,
    given: Vec<Step>,
    engine: Engine,
) -> Result<Findings, String> {
    let mut settings = case.settings.clone();
    if !case.hooks.is_empty() {
        settings.extend(hooks::settings(&case.hooks));
    }
    let world = World::new(engine, case.at.unwrap_or(START), &settings).await;
    let backend = Backend::connect(&world, case.hooks.clone());
    let services = Services::connect(&world, case.services.clone());
    let mut scene = Scene { world, clients: Vec::new(), url: case.url.clone() };
    for user in &case.accounts {
        let body = format!("{{\"UserID\":\"{user}\"}}");
        succeeded(&scene.admin("im_open_login_svc", "account_import", body).await)?;
    }
    for name in &case.clients {
        scene.login(name).await;
    }
    for step in given {
        let said = format!("{step:?}");
        if let Some(answer) = Box::pin(scene.step(step, None)).await? {
            succeeded(&answer).map_err(|it| format!("given {said}: {it}"))?;
        }
    }
    scene.world.advance(case.advance);
    drop(scene.pushed().await);
    backend.taken(&scene.world).await?;

    let mut findings = Findings::default();
    let (answer, socket) = scene.call(file, case).await?;
    let may_edit = case.source.is_none();
    let is_rest = case.client.is_none() && case.head.is_none();
    if let Ok(value) = well_formed(&answer)
        && is_rest
        && value["ActionStatus"] == "OK"
    {
        document::describes(&file.service, &file.command, &value)?;
    }
    check(&mut findings, "answer", text, case.answer, &answer, may_edit)?;
    if let Some(pushes) = case.pushes {
        check_pushes(&mut findings, "pushes", text, pushes, scene.pushed().await)?;
    }
    if let Some(webhooks) = case.webhooks {
        let told = backend.taken(&scene.world).await?;
        check_whole(&mut findings, "webhooks", text, webhooks, &told.into())?;
    }
    if let Some(asked) = case.asked {
        check_whole(&mut findings, "asked", text, asked, &services.taken().into())?;
    }
    drop(socket);
    for (at, parts) in case.then.iter().enumerate() {
        scene.then(&mut findings, text, at, parts, &backend).await?;
    }
    Ok(findings)
}

fn check(
    findings: &mut Findings,
    what: &str,
    text: &str,
    expected: &RawValue,
    answer: &[u8],
    may_edit: bool,
) -> Result<(), String> {
    let shown = String::from_utf8_lossy(answer);
    let actual = well_formed(answer).map_err(|it| format!("{what}: {it}\nwhole answer: {shown}"))?;
    let wanted: Value = serde_json::from_str(expected.get()).map_err(|it| it.to_string())?;
    if let Err(fault) = compare(&expand(&wanted, None), &actual) {
        findings.faults.push(format!("{what}{fault}\nwhole answer: {shown}"));
        if may_edit {
            findings.edits.push((span(text, expected), layout(&shown, indent_of(text, expected))));
        }
    }
    Ok(())
}

fn check_pushes(
    findings: &mut Findings,
    what: &str,
    text: &str,
    expected: &RawValue,
    pushed: Map<String, Value>,
) -> Result<(), String> {
    check_whole(findings, what, text, expected, &pushed.into())
}

/// What is no answer, and so has no envelope.
fn check_whole(
    findings: &mut Findings,
    what: &str,
    text: &str,
    expected: &RawValue,
    actual: &Value,
) -> Result<(), String> {
    let wanted: Value = serde_json::from_str(expected.get()).map_err(|it| it.to_string())?;
    if let Err(fault) = compare(&wanted, actual) {
        findings.faults.push(format!("{what}{fault}\nall {what}: {actual}"));
        let indent = indent_of(text, expected);
        findings.edits.push((span(text, expected), layout(&actual.to_string(), indent)));
    }
    Ok(())
}

/// Where a value stands in the text that it was read from.
fn span(text: &str, value: &RawValue) -> Range<usize> {
    let start = value.get().as_ptr() as usize - text.as_ptr() as usize;
    start..start + value.get().len()
}

/// The indentation of the line in which a value begins.
fn indent_of(text: &str, value: &RawValue) -> usize {
    let before = &text[..span(text, value).start];
    let line = &before[before.rfind('\n').map_or(0, |it| it + 1)..];
    line.len() - line.trim_start().len()
}

fn succeeded(answer: &[u8]) -> Result<(), String> {
    let value = well_formed(answer)?;
    match value["ErrorCode"].as_i64() {
        Some(0) => Ok(()),
        _ => Err(format!("it failed: {value}")),
    }
}

/// The server and the clients of a case.
struct Scene {
    world: World,
    clients: Vec<Client>,
    /// Of the case.
    url: Map<String, Value>,
}

impl Scene {
    async fn login(&mut self, name: &str) {
        let client = Client::login(&self.world, name).await;
        self.clients.retain(|it| it.name != name);
        self.clients.push(client);
    }

    fn client(&self, name: &str) -> Result<&Client, String> {
        self.clients.iter().find(|it| it.name == name).ok_or_else(|| format!("{name} is not logged in"))
    }

    /// What the clients got since this was asked last. What is told off the path of a call is told now.
    async fn pushed(&self) -> Map<String, Value> {
        self.world.chat().tell_waiting_statuses().await;
        self.world.chat().deliver_waiting_pushes().await;
        self.world.chat().webhooks.settled().await;
        self.world.chat().fan_out.settled().await;
        let pushed = self.clients.iter().map(|it| (it.name.clone(), it.take_pushes()));
        pushed.filter(|it| !it.1.is_empty()).map(|(name, pushes)| (name, pushes.into())).collect()
    }

    /// The answer, and the socket that it came over if that was a real one.
    async fn call(
        &self,
        file: &File,
        case: &Case<'_>,
    ) -> Result<(Vec<u8>, Option<(wire::Server, wire::Wire)>), String> {
        let (service, command, body) = (&*file.service, &*file.command, self.filled(case.body()).await?);
        match (&case.head, &case.client) {
            (Some(head), _) => {
                let head = head.iter().map(|(name, it)| (name.clone(), self.credential(it))).collect();
                let asked = wire::ask_once(&self.world, &case.url, service, command, head, &body);
                asked.await.map(|(answer, socket)| (answer, Some(socket)))
            }
            (None, Some(name)) => {
                Ok((self.client(name)?.call(&self.world, service, command, body).await, None))
            }
            (None, None) => Ok((self.admin(service, command, body).await, None)),
        }
    }

    /// The body with `"$last alice MsgRandom"` replaced by that member of what alice was pushed last.
    async fn filled(&self, body: String) -> Result<String, String> {
        const MARK: &str = "\"$last ";
        let mut out = String::new();
        let mut rest = &*body;
        while let Some((before, after)) = rest.split_once(MARK) {
            self.world.chat().fan_out.settled().await;
            let (words, after) = after.split_once('"').ok_or("a text has no end")?;
            let (name, member) = words.split_once(' ').ok_or("expected $last, a client and a member")?;
            let value = self.client(name)?.last_pushed(member);
            out += before;
            out += &value.ok_or_else(|| format!("{name} was pushed no {member}"))?.to_string();
            rest = after;
        }
        Ok(out + rest)
    }

    /// `$sig user [age [life [secret]]]` and `$a2 client` stand for what only a run can know.
    fn credential(&self, value: &Value) -> Value {
        let words: Vec<_> = value.as_str().unwrap_or_default().split(' ').collect();
        match *words {
            ["$a2", name] => self.client(name).expect("a client of the case").token.clone().into(),
            ["$sig", user, ref more @ ..] => {
                let number = |at: usize, other: i64| more.get(at).map_or(other, |it| it.parse().unwrap());
                let secret = more.get(2).copied().unwrap_or(crate::place::SECRET);
                let app = u32::try_from(number(3, APP.into())).unwrap();
                let (time, life) = (self.world.now() - number(0, 0), number(1, crate::place::LIFE));
                proto::usersig::sign_hmac(secret, app, user, time, life, None).into()
            }
            _ => value.clone(),
        }
    }

    async fn admin(&self, service: &str, command: &str, body: String) -> Vec<u8> {
        let (path, sig) = (format!("/v4/{service}/{command}"), self.world.sig(ADMIN));
        let mut query = format!("sdkappid={APP}&identifier={ADMIN}&usersig={sig}&random=1&contenttype=json");
        for (name, value) in &self.url {
            query.push_str(&format!("&{name}={}", value.as_str().unwrap_or_default()));
        }
        let source = Ipv4Addr::LOCALHOST.into();
        let line =
            Line { is_post: true, path: &path, query: &query, source, secure: false, host: "127.0.0.1" };
        match rest::admit(&self.world.node, &line) {
            Ok(admitted) if body.len() > admitted.body_max => rest::too_long(&admitted),
            Ok(admitted) => rest::run(&self.world.node, admitted, body.into()).await,
            Err(refusal) => refusal,
        }
    }

    /// The answer of the step's call, if it is one.
    async fn step(&mut self, step: Step, n: Option<u64>) -> Result<Option<Vec<u8>>, String> {
        match step {
            Step::Advance(seconds) => self.world.advance(seconds),
            Step::Login(name) => self.login(&name).await,
            Step::Lose(name) => self.client(&name)?.lose(&self.world).await,
            Step::Return(name) => {
                let found = self.clients.iter_mut().find(|it| it.name == name);
                found.ok_or_else(|| format!("{name} is not logged in"))?.come_back(&self.world).await;
            }
            Step::Job(name) => self.world.run_job(&name).await?,
            Step::Pushed | Step::Told => {
                return Err("`pushed` and `told` stand only in `then`".to_owned());
            }
            Step::Break(table) => self.world.break_table(&table).await,
            Step::Set(settings) => {
                let settings = settings.into_iter().collect();
                self.world.chat().change_app(APP, settings).await.map_err(|it| it.to_string())?;
            }
            Step::GroupId(from, to) => self.world.rename_group(from, to).await,
            Step::MergedKey(key) => self.world.rename_merged(key).await,
            Step::StoredFile { id, name } => self.world.store_file(id, name).await,
            Step::Repeat(times, step) => {
                for n in 1..=times {
                    if let Some(answer) = Box::pin(self.step((*step).clone(), Some(n))).await? {
                        succeeded(&answer)?;
                    }
                }
            }
            Step::Call { who, service, command, body } => {
                let body = self.filled(expand(&body, n).to_string()).await?;
                return Ok(Some(match who {
                    Who::Admin => self.admin(&service, &command, body).await,
                    Who::Client(name) => {
                        self.client(&name)?.call(&self.world, &service, &command, body).await
                    }
                }));
            }
        }
        Ok(None)
    }

    /// A step after the call, with the answer that must come.
    async fn then(
        &mut self,
        findings: &mut Findings,
        text: &str,
        at: usize,
        parts: &[&RawValue],
        backend: &Backend,
    ) -> Result<(), String> {
        let read = |it: &&RawValue| serde_json::from_str::<Value>(it.get()).unwrap();
        let step = Step::read(&parts.iter().take(3).map(read).collect::<Vec<_>>())?;
        if matches!(step, Step::Pushed) {
            return check_pushes(findings, &format!("then[{at}]"), text, parts[1], self.pushed().await);
        }
        if matches!(step, Step::Told) {
            let told = backend.taken(&self.world).await?;
            return check_whole(findings, &format!("then[{at}]"), text, parts[1], &told.into());
        }
        let answer = Box::pin(self.step(step, None)).await?;
        match (answer, parts.get(2)) {
            (None, _) => Ok(()),
            (Some(answer), Some(expected)) => {
                check(findings, &format!("then[{at}]"), text, expected, &answer, true)
            }
            (Some(_), None) => Err(format!("then[{at}] names no answer")),
        }
    }
}
