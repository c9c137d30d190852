//! Files with all users or groups of an app, written row by row, and handing them out.
//!
//! They lie on disk until they are fetched: a page can be closed meanwhile, a browser that breaks off asks again, and one
//! that was cancelled leaves nothing that looks whole.

use std::{io, sync::Arc};

use chat::{
    apps::App,
    console::{
        lists::PAGE_MAX,
        works::{Made, Running, folder},
    },
};
use hyper::header::{self, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    fs::{self, File},
    io::{AsyncReadExt, AsyncWriteExt},
};

use super::{csv, endpoint::Refusal, groups, stream, users};
use crate::{http::Answer, node::Node};

/// A file has at most so many bytes.
const FILE_BYTES_MAX: u64 = 512 << 20;
/// A file is handed out in pieces of so many bytes.
const PIECE_BYTES: usize = 64 << 10;
/// Columns of CSV. The first is the key that pages go by.
pub const USER_COLUMNS: [&str; 8] =
    ["user", "nick", "face", "created_at", "seen_at", "online", "c2c_muted_until", "group_muted_until"];
const GROUP_COLUMNS: [&str; 7] = ["group", "kind", "name", "owner", "members", "created_at", "muted_all"];

#[derive(Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum What {
    Users,
    Groups,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            What::Users => "users",
            What::Groups => "groups",
        }
    }

    fn columns(self) -> &'static [&'static str] {
        match self {
            What::Users => &USER_COLUMNS,
            What::Groups => &GROUP_COLUMNS,
        }
    }
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    Ndjson,
    Csv,
}

impl Form {
    pub fn name(self) -> &'static str {
        match self {
            Form::Ndjson => "ndjson",
            Form::Csv => "csv",
        }
    }
}

fn on_disk<T>(done: io::Result<T>) -> Result<T, Refusal> {
    done.map_err(|it| Refusal::internal(format!("the file of an export: {it}")))
}

/// Writes the file of a work. False when it was told to stop before its end; then there is no file.
pub async fn write(
    node: &Node,
    app: &Arc<App>,
    work: &Running,
    (what, form): (What, Form),
) -> Result<bool, Refusal> {
    let (users, groups) = node.chat.count_users_and_groups(app.id).await?;
    work.expect(if what == What::Users { users } else { groups });
    let folder = folder(&node.data_dir);
    on_disk(fs::create_dir_all(&folder).await)?;
    let path = folder.join(work.id.to_string());
    let mut out = on_disk(File::create_new(&path).await)?;
    // From here on the file is removed whatever happens.
    let mut made = Made { path, name: format!("{}-{}.{}", what.name(), app.id, form.name()), bytes: 0 };
    if !write_rows(node, app, work, (&mut out, &mut made.bytes), (what, form)).await? {
        return Ok(false);
    }
    on_disk(out.sync_all().await)?;
    work.keep(made);
    Ok(true)
}

async fn write_rows(
    node: &Node,
    app: &Arc<App>,
    work: &Running,
    (out, bytes): (&mut File, &mut u64),
    (what, form): (What, Form),
) -> Result<bool, Refusal> {
    let columns = what.columns();
    let mut text = match form {
        Form::Ndjson => String::new(),
        Form::Csv => format!("{}\r\n", columns.join(",")),
    };
    let mut after = String::new();
    loop {
        let rows = page(node, app, what, &after).await?;
        for it in &rows {
            match form {
                Form::Ndjson => text += &format!("{it}\n"),
                Form::Csv => csv_line(&mut text, it, columns),
            }
        }
        *bytes += text.len() as u64;
        if *bytes > FILE_BYTES_MAX {
            return Err(Refusal::conflict(format!("the file would have more than {FILE_BYTES_MAX} bytes")));
        }
        on_disk(out.write_all(text.as_bytes()).await)?;
        text.clear();
        let many = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        work.step(many, many);
        match rows.last().and_then(|it| it[columns[0]].as_str()) {
            Some(last) if many == PAGE_MAX => last.clone_into(&mut after),
            _ => return Ok(true),
        }
        if !work.goes_on().await {
            return Ok(false);
        }
    }
}

async fn page(node: &Node, app: &Arc<App>, what: What, after: &str) -> Result<Vec<Value>, Refusal> {
    let (prefix, after) = (String::new(), after.to_owned());
    let rows: Result<Vec<_>, _> = match what {
        What::Users => {
            let found = node.chat.users_page(app.id, prefix, after, PAGE_MAX).await?;
            found.into_iter().map(|it| serde_json::to_value(users::user(app, it))).collect()
        }
        What::Groups => {
            let found = node.chat.groups_page(app.id, None, prefix, after, PAGE_MAX).await?;
            found.into_iter().map(|it| serde_json::to_value(groups::group(it))).collect()
        }
    };
    rows.map_err(|it| Refusal::internal(it.to_string()))
}

fn csv_line(out: &mut String, row: &Value, columns: &[&str]) {
    for (place, name) in columns.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        match &row[*name] {
            Value::Null => {}
            Value::String(text) => csv::write_text(out, text),
            other => *out += &other.to_string(),
        }
    }
    *out += "\r\n";
}

/// The file as an answer. It stays on disk until the last who reads it is done.
pub async fn answer(made: Arc<Made>) -> Result<Answer, Refusal> {
    let mut from = on_disk(File::open(&made.path).await)?;
    let kind = match made.name.ends_with(".csv") {
        true => "text/csv; charset=utf-8",
        false => "application/x-ndjson; charset=utf-8",
    };
    let (mut answer, pieces) = stream::answer(kind);
    let headers = answer.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", made.name)) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    // With its length told, a file that breaks off is no whole one to the browser.
    headers.insert(header::CONTENT_LENGTH, made.bytes.into());
    tokio::spawn(async move {
        let _kept = made;
        loop {
            let mut piece = bytes::BytesMut::with_capacity(PIECE_BYTES);
            match from.read_buf(&mut piece).await {
                Ok(0) => return,
                Ok(_) if pieces.send(piece.freeze()).await.is_err() => return,
                Ok(_) => {}
                Err(error) => return tracing::error!(%error, "a file of the console ends too early"),
            }
        }
    });
    Ok(answer)
}
