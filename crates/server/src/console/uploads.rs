//! Files with many users, as an operator gives them. What cannot be read of a line is a fault of that line.

use std::collections::BTreeMap;

use chat::{
    accounts::Import,
    console::import::{Given, Line, NewUser},
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use super::{
    csv::Records,
    exports::{Form, USER_COLUMNS},
};

/// Users that one file names at most.
pub const USERS_MAX: usize = 100_000;
/// Longest line of NDJSON. Bytes.
const LINE_BYTES_MAX: usize = 64 << 10;
/// What columns of profile fields begin with.
const TAG: &str = "Tag_Profile_";

/// The lines of a file. What makes the whole file useless is the error.
pub fn users(form: Form, text: &str) -> Result<Vec<Line>, String> {
    let lines = match form {
        Form::Ndjson => from_ndjson(text),
        Form::Csv => from_csv(text)?,
    };
    match lines.len() {
        0 => Err("the file names no user".to_owned()),
        many if many > USERS_MAX => Err(format!("the file has more than {USERS_MAX} users")),
        _ => Ok(lines),
    }
}

/// A line of NDJSON: what an export has and is not set by an import is passed over.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    user: String,
    #[serde(default)]
    nick: String,
    #[serde(default)]
    face: String,
    #[serde(default)]
    profile: BTreeMap<String, Value>,
    #[serde(rename = "created_at")]
    _created_at: Option<IgnoredAny>,
    #[serde(rename = "seen_at")]
    _seen_at: Option<IgnoredAny>,
    #[serde(rename = "online")]
    _online: Option<IgnoredAny>,
    #[serde(rename = "c2c_muted_until")]
    _c2c_muted_until: Option<IgnoredAny>,
    #[serde(rename = "group_muted_until")]
    _group_muted_until: Option<IgnoredAny>,
}

fn from_ndjson(text: &str) -> Vec<Line> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = (1..).zip(text.lines()).filter(|it| !it.1.trim().is_empty());
    let read = lines.map(|(number, line)| (number, from_line(line)));
    // One more than may be is enough to refuse them.
    read.take(USERS_MAX + 1).collect()
}

fn from_line(line: &str) -> Result<NewUser, String> {
    if line.len() > LINE_BYTES_MAX {
        return Err(format!("a line has at most {LINE_BYTES_MAX} bytes"));
    }
    let object = serde_json::from_str::<Object>(line);
    object.map(of_object).map_err(|it| format!("no JSON object as wanted: {it}"))
}

fn of_object(it: Object) -> NewUser {
    let profile = it.profile.into_iter().map(|(tag, value)| (tag, Given::Literal(value.to_string())));
    NewUser { profile: profile.collect(), ..new_user(it.user, it.nick, it.face) }
}

/// An empty nickname or avatar is none: it leaves what is there.
fn new_user(user: String, nick: String, face: String) -> NewUser {
    let given = |it: String| Some(it).filter(|it| !it.is_empty());
    NewUser { import: Import { user, nick: given(nick), face: given(face) }, profile: Vec::new() }
}

fn from_csv(text: &str) -> Result<Vec<Line>, String> {
    let mut records = Records::new(text);
    let names = records.next().ok_or("the file is empty")?.1?;
    if !names.iter().any(|it| it == "user") {
        return Err("the first line must name the columns, one of them `user`".to_owned());
    }
    let is_known = |it: &String| USER_COLUMNS.contains(&&**it) || it.starts_with(TAG);
    if let Some(it) = names.iter().find(|it| !is_known(it)) {
        return Err(format!("{it:?} is no column: user, nick, face, or a tag of the profile"));
    }
    let mut seen: Vec<_> = names.iter().collect();
    seen.sort_unstable();
    if let Some(it) = seen.windows(2).find(|it| it[0] == it[1]) {
        return Err(format!("there are two columns {:?}", it[0]));
    }
    let read = records.map(|(number, cells)| (number, cells.and_then(|it| of_cells(&names, it))));
    Ok(read.take(USERS_MAX + 1).collect())
}

fn of_cells(names: &[String], cells: Vec<String>) -> Result<NewUser, String> {
    if cells.len() > names.len() {
        return Err(format!("{} cells where {} columns are named", cells.len(), names.len()));
    }
    let (mut user, mut nick, mut face, mut profile) =
        (String::new(), String::new(), String::new(), Vec::new());
    for (name, cell) in names.iter().zip(cells) {
        match &**name {
            "user" => user = cell,
            "nick" => nick = cell,
            "face" => face = cell,
            tag if tag.starts_with(TAG) && !cell.is_empty() => {
                profile.push((tag.to_owned(), Given::Text(cell)))
            }
            _ => {}
        }
    }
    Ok(NewUser { profile, ..new_user(user, nick, face) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(form: Form, text: &str) -> Vec<String> {
        let lines = users(form, text).unwrap().into_iter();
        let one = |it: NewUser| {
            let profile: Vec<_> = it.profile.iter().map(|(tag, given)| format!("{tag}={given:?}")).collect();
            format!("{} {:?} {:?} {}", it.import.user, it.import.nick, it.import.face, profile.join(" "))
        };
        lines.map(|(line, it)| format!("{line}: {}", it.map_or_else(|why| why, one).trim())).collect()
    }

    #[test]
    fn users_are_read_from_csv() {
        let text =
            "nick,user,Tag_Profile_IM_Level,online\r\nAnna,ann,3,true\r\n,bob\r\n'=x,cid,,\r\na,b,c,d,e\r\n";
        assert_eq!(
            shown(Form::Csv, text),
            [
                "2: ann Some(\"Anna\") None Tag_Profile_IM_Level=Text(\"3\")",
                "3: bob None None",
                "4: cid Some(\"=x\") None",
                "5: 5 cells where 4 columns are named",
            ]
        );
    }

    #[test]
    fn users_are_read_from_ndjson() {
        let text = "{\"user\":\"ann\",\"nick\":\"Anna\",\"created_at\":1,\"online\":false}\n\n\
            {\"user\":\"bob\",\"face\":\"\",\"profile\":{\"Tag_Profile_IM_Level\":3}}\n";
        let read = shown(Form::Ndjson, text);
        assert_eq!(
            read,
            ["1: ann Some(\"Anna\") None", "3: bob None None Tag_Profile_IM_Level=Literal(\"3\")",]
        );
        for line in ["[]", "{\"nick\":\"x\"}", "{\"user\":\"a\",\"nik\":\"x\"}", "{\"user\":7}"] {
            assert!(shown(Form::Ndjson, line)[0].contains("no JSON object"), "{line}");
        }
    }

    #[test]
    fn a_line_has_its_longest() {
        let line = |bytes: usize| format!("{{\"user\":\"ann\"}}{}", " ".repeat(bytes - 14));
        for (bytes, is_fine) in [(LINE_BYTES_MAX, true), (LINE_BYTES_MAX + 1, false)] {
            let read = users(Form::Ndjson, &line(bytes)).unwrap();
            assert_eq!(read[0].1.is_ok(), is_fine, "{bytes}");
        }
    }

    #[test]
    fn a_file_that_is_useless_as_a_whole_is_refused() {
        let many = |count: usize| format!("user\n{}", "a\n".repeat(count));
        for (form, text, is_fine) in [
            (Form::Csv, "user\nann\n", true),
            (Form::Csv, "", false),
            (Form::Csv, "user\n", false),
            (Form::Csv, "name\nann\n", false),
            (Form::Csv, "user,colour\nann,red\n", false),
            (Form::Csv, "user,user\nann,red\n", false),
            (Form::Csv, &many(USERS_MAX), true),
            (Form::Csv, &many(USERS_MAX + 1), false),
            (Form::Ndjson, "\n\n", false),
        ] {
            assert_eq!(users(form, text).is_ok(), is_fine, "{}", &text[..text.len().min(30)]);
        }
    }
}
