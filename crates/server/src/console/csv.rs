//! CSV as spreadsheets read and write it: RFC 4180, and nothing in it that they would take for a formula.

/// What a text begins with that a spreadsheet would calculate.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// What stands before such a text. One that begins with this itself gets it too, so that reading gives what was written.
const GUARD: char = '\'';
/// Cells of one record.
const CELLS_MAX: usize = 100;

fn is_guarded(text: &str) -> bool {
    text.starts_with(FORMULA) || text.starts_with(GUARD)
}

/// Writes a cell: in quotes where it must be, and guarded.
pub fn write_text(out: &mut String, text: &str) {
    let is_quoted = text.contains(['"', ',', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ');
    if is_quoted {
        out.push('"');
    }
    if is_guarded(text) {
        out.push(GUARD);
    }
    for it in text.chars() {
        if it == '"' {
            out.push('"');
        }
        out.push(it);
    }
    if is_quoted {
        out.push('"');
    }
}

/// A cell as it was before it was guarded.
fn bare(cell: String) -> String {
    match cell.strip_prefix(GUARD) {
        Some(rest) if is_guarded(rest) => rest.to_owned(),
        _ => cell,
    }
}

/// Reads records one by one, each with the number of the line that it begins at. A record is broken when a quote in it
/// does not end, something stands beside the quotes, or it has more than [`CELLS_MAX`] cells.
pub struct Records<'a> {
    rest: &'a str,
    line: i64,
}

impl<'a> Records<'a> {
    pub fn new(text: &'a str) -> Records<'a> {
        Records { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 }
    }

    /// The next cell, and whether it is the last of its record.
    fn cell(&mut self) -> Result<(String, bool), String> {
        let cell = match self.rest.strip_prefix('"') {
            Some(rest) => {
                self.rest = rest;
                self.quoted()?
            }
            None => {
                let end = self.rest.find([',', '\r', '\n']).unwrap_or(self.rest.len());
                let (cell, rest) = self.rest.split_at(end);
                self.rest = rest;
                cell.to_owned()
            }
        };
        let is_last = if let Some(rest) = self.rest.strip_prefix(',') {
            self.rest = rest;
            false
        } else if self.rest.is_empty() || self.end_line() {
            true
        } else {
            return Err("something stands after the quotes of a cell".to_owned());
        };
        Ok((bare(cell), is_last))
    }

    fn quoted(&mut self) -> Result<String, String> {
        let mut cell = String::new();
        loop {
            let end = self.rest.find('"').ok_or("the quotes of a cell do not end")?;
            let (part, rest) = self.rest.split_at(end);
            cell.push_str(part);
            self.line += part.matches('\n').count() as i64;
            match rest[1..].strip_prefix('"') {
                Some(rest) => {
                    cell.push('"');
                    self.rest = rest;
                }
                None => {
                    self.rest = &rest[1..];
                    return Ok(cell);
                }
            }
        }
    }

    fn end_line(&mut self) -> bool {
        let ended = ["\r\n", "\n", "\r"].iter().find_map(|it| self.rest.strip_prefix(it));
        if let Some(rest) = ended {
            self.rest = rest;
            self.line += 1;
        }
        ended.is_some()
    }
}

impl Iterator for Records<'_> {
    type Item = (i64, Result<Vec<String>, String>);

    fn next(&mut self) -> Option<Self::Item> {
        while self.end_line() {}
        if self.rest.is_empty() {
            return None;
        }
        let (line, mut cells) = (self.line, Vec::new());
        loop {
            let cell = match cells.len() {
                CELLS_MAX => Err(format!("more than {CELLS_MAX} cells")),
                _ => self.cell(),
            };
            match cell {
                Ok((cell, is_last)) => {
                    cells.push(cell);
                    if is_last {
                        return Some((line, Ok(cells)));
                    }
                }
                Err(why) => {
                    // What follows in the line belongs to the broken record.
                    let end = self.rest.find('\n').unwrap_or(self.rest.len());
                    self.rest = &self.rest[end..];
                    return Some((line, Err(why)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = String::new();
        write_text(&mut out, text);
        out
    }

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_never_a_formula() {
        for (text, cell) in [
            ("", ""),
            ("Anna", "Anna"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            (" room ", "\" room \""),
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-1", "'-1"),
            ("@TGS#1", "'@TGS#1"),
            ("\tx", "'\tx"),
            ("=A1,B1", "\"'=A1,B1\""),
            ("=\"x\"", "\"'=\"\"x\"\"\""),
            ("'=1", "''=1"),
            ("a=1", "a=1"),
        ] {
            assert_eq!(written(text), cell, "{text:?}");
        }
    }

    #[test]
    fn what_was_written_is_read_again() {
        let texts = ["", "=1", "'=1", "''", "'a", "a,b", "\"", "x\r\ny", "@TGS#1", "安娜", " "];
        for it in texts {
            let line = format!("first,{},last\r\n", written(it));
            let read: Vec<_> = Records::new(&line).collect();
            assert_eq!(read, [(1, Ok(vec!["first".to_owned(), it.to_owned(), "last".to_owned()]))], "{it:?}");
        }
    }

    #[test]
    fn records_are_read_line_by_line_and_broken_ones_are_named() {
        let text = "\u{feff}user,nick\n\nann,\"An\nna\"\r\nbob,\"B\"x\ncid,'Cid\nlast,\"open";
        let read: Vec<_> = Records::new(text).map(|(line, it)| (line, it.map(|it| it.join("|")))).collect();
        let fine = |it: &str| Ok(it.to_owned());
        assert_eq!(
            read,
            [
                (1, fine("user|nick")),
                (3, fine("ann|An\nna")),
                (5, Err("something stands after the quotes of a cell".to_owned())),
                (6, fine("cid|'Cid")),
                (7, Err("the quotes of a cell do not end".to_owned())),
            ]
        );
        assert_eq!(Records::new("a,\n").next().unwrap().1.unwrap(), ["a", ""], "an empty cell at the end");
        assert_eq!(Records::new("").count(), 0);
        let wide = |cells: usize| vec!["a"; cells].join(",");
        assert_eq!(Records::new(&wide(CELLS_MAX)).next().unwrap().1.unwrap().len(), CELLS_MAX);
        assert!(Records::new(&wide(CELLS_MAX + 1)).next().unwrap().1.is_err());
    }
}
