//! `docs/CONSOLE-API.md` against the table of endpoints.

use server::{
    console::{self, Verb},
    openapi,
};

/// A row of the document's table.
pub struct Row {
    pub method: String,
    /// Below `/console/api/`.
    pub path: String,
    /// The first word: what is needed at least.
    pub role: String,
    pub is_audited: bool,
}

pub fn rows() -> Vec<Row> {
    let text = include_str!("../../../../docs/CONSOLE-API.md");
    let cells = |line: &str| line.split('|').map(|it| it.trim().to_owned()).collect::<Vec<_>>();
    let rows = text.lines().map(cells).filter(|it| it.len() > 4 && ["GET", "POST"].contains(&&*it[1]));
    rows.map(|it| Row {
        method: it[1].clone(),
        path: it[2].trim_matches('`').strip_prefix(console::API).expect("below the API").to_owned(),
        role: it[3].split([' ', ',']).next().unwrap().to_owned(),
        is_audited: it[3].contains('✎'),
    })
    .collect()
}

#[test]
fn the_document_lists_every_endpoint_with_its_role() {
    let listed: Vec<_> = rows().into_iter().map(|it| (it.method, it.path, it.role)).collect();
    let there: Vec<_> = console::ALL
        .iter()
        .map(|it| {
            let method = if it.verb == Verb::Get { "GET" } else { "POST" };
            let role = it.role.map_or("anyone", chat::console::Role::name);
            (method.to_owned(), it.path.to_owned(), role.to_owned())
        })
        .collect();
    assert_eq!(listed, there);
}

#[test]
fn every_endpoint_is_in_the_open_api_document() {
    let document: serde_json::Value = serde_json::from_slice(&openapi::document()).unwrap();
    for it in console::ALL {
        let verb = if it.verb == Verb::Get { "get" } else { "post" };
        let operation = &document["paths"][format!("{}{}", console::API, it.path)][verb];
        assert!(operation["summary"].is_string(), "{}", it.path);
        assert_eq!(operation["requestBody"].is_object(), it.verb == Verb::Post, "{}", it.path);
    }
}

#[test]
fn whatever_is_posted_is_written_down_unless_it_only_looks() {
    let quiet: Vec<_> = rows().into_iter().filter(|it| it.method == "POST" && !it.is_audited).collect();
    assert_eq!(quiet.iter().map(|it| &*it.path).collect::<Vec<_>>(), ["apps/{sdkappid}/usersig/verify"]);
}
