//! The field `file` of a form (`multipart/form-data`, RFC 7578), taken out while it arrives.

use bytes::{Bytes, BytesMut};

/// The field that is the file; others are passed over.
const FIELD: &str = "file";
/// Headers of one field.
const HEADER_BYTES_MAX: usize = 8 << 10;
/// Longest boundary that RFC 2046 allows.
const BOUNDARY_BYTES_MAX: usize = 70;

/// The boundary that a Content-Type names; empty when it names none, as some clients do. `None` for no form.
pub fn boundary(media_type: &str) -> Option<String> {
    let (essence, parameters) = media_type.split_once(';').unwrap_or((media_type, ""));
    if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parameters.split(';').find_map(|it| {
        let (name, value) = it.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    });
    Some(value.unwrap_or_default().to_owned()).filter(|it| it.len() <= BOUNDARY_BYTES_MAX)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before everything, where the first line tells the boundary.
    Start,
    /// Before the line that opens a field: its rest is read next.
    Line,
    Headers,
    Content {
        is_file: bool,
    },
    End,
}

pub struct Form {
    /// Line break, two dashes, boundary.
    delimiter: Vec<u8>,
    /// What is not yet known to be content.
    waiting: BytesMut,
    at: At,
    media_type: Option<String>,
}

impl Form {
    pub fn new(boundary: &str) -> Form {
        // The first boundary may stand at the very beginning, where no line break is before it.
        let waiting = BytesMut::from(&b"\r\n"[..]);
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        let at = if boundary.is_empty() { At::Start } else { At::Content { is_file: false } };
        Form { delimiter, waiting, at, media_type: None }
    }

    /// Takes in what has come and returns what of it is the file's.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Bytes, &'static str> {
        self.waiting.extend_from_slice(bytes);
        let mut file = BytesMut::new();
        loop {
            match self.at {
                At::Start => match find(&self.waiting[2..], b"\r\n") {
                    Some(end) if self.waiting[2..].starts_with(b"--") && end > 2 => {
                        self.delimiter = self.waiting[..end + 2].to_vec();
                        self.at = At::Content { is_file: false };
                    }
                    Some(_) => return Err("the form cannot be read"),
                    None if self.waiting.len() > BOUNDARY_BYTES_MAX + 6 => {
                        return Err("the form has no boundary");
                    }
                    None => return Ok(file.freeze()),
                },
                At::Content { is_file } => {
                    let (content, is_whole) = self.content();
                    if is_file {
                        file.extend_from_slice(&content);
                    }
                    if !is_whole {
                        return Ok(file.freeze());
                    }
                    self.at = At::Line;
                }
                At::Line => match self.waiting.get(..2) {
                    Some(b"--") => self.at = At::End,
                    Some(b"\r\n") => self.at = At::Headers,
                    Some(_) => return Err("the form cannot be read"),
                    None => return Ok(file.freeze()),
                },
                At::Headers => match find(&self.waiting, b"\r\n\r\n") {
                    Some(end) => {
                        let headers = self.waiting.split_to(end + 4);
                        let is_file = self.begin(&headers)?;
                        self.at = At::Content { is_file };
                    }
                    None if self.waiting.len() > HEADER_BYTES_MAX => {
                        return Err("the headers of a field are too long");
                    }
                    None => return Ok(file.freeze()),
                },
                At::End => {
                    self.waiting.clear();
                    return Ok(file.freeze());
                }
            }
        }
    }

    /// The media type of the file, when the form is whole and had one.
    pub fn finish(self) -> Result<String, &'static str> {
        match (self.at, self.media_type) {
            (At::End, Some(it)) => Ok(it),
            (At::End, None) => Err("the form has no field `file`"),
            _ => Err("the form has no end"),
        }
    }

    /// What is content for sure, and whether the delimiter follows it.
    fn content(&mut self) -> (BytesMut, bool) {
        if let Some(at) = find(&self.waiting, &self.delimiter) {
            let content = self.waiting.split_to(at);
            _ = self.waiting.split_to(self.delimiter.len());
            return (content, true);
        }
        let sure = self.waiting.len().saturating_sub(self.delimiter.len() - 1);
        (self.waiting.split_to(sure), false)
    }

    /// Reads the headers of a field. True for the file.
    fn begin(&mut self, headers: &[u8]) -> Result<bool, &'static str> {
        let headers = String::from_utf8_lossy(headers);
        let header = |wanted: &str| {
            headers.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
            })
        };
        let disposition = header("content-disposition").unwrap_or_default();
        let mut parameters = disposition.split(';').skip(1).filter_map(|it| it.split_once('='));
        let is_file =
            parameters.any(|(name, value)| name.trim() == "name" && value.trim().trim_matches('"') == FIELD);
        if is_file && self.media_type.replace(header("content-type").unwrap_or_default()).is_some() {
            return Err("the form has two files");
        }
        Ok(is_file)
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|it| it == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file and its type, taken in pieces of this length.
    fn read(form: &str, step: usize) -> Result<(Vec<u8>, String), &'static str> {
        read_with("XX", form, step)
    }

    fn read_with(boundary: &str, form: &str, step: usize) -> Result<(Vec<u8>, String), &'static str> {
        let mut it = Form::new(boundary);
        let mut file = Vec::new();
        for piece in form.as_bytes().chunks(step) {
            file.extend_from_slice(&it.take(piece)?);
        }
        Ok((file, it.finish()?))
    }

    #[test]
    fn the_file_comes_out_however_the_form_is_cut() {
        let form = |content: &str| {
            format!(
                "--XX\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nv\r\n--XX\r\n\
                 Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\
                 {content}\r\n--XX\r\ncontent-disposition: form-data; name=\"more\"\r\n\r\nx\r\n--XX--\r\n"
            )
        };
        for content in ["", "bytes", "\r\n--X", "\r\n\r\n--", "a\r\n--XY\r\nb", "\r\n"] {
            for step in [1, 2, 3, 7, 1000] {
                let found = read(&form(content), step);
                let expected = (content.as_bytes().to_vec(), "image/png".to_owned());
                assert_eq!(found, Ok(expected.clone()), "{content:?} in steps of {step}");
                let found = read_with("", &form(content), step);
                assert_eq!(found, Ok(expected), "{content:?} in steps of {step}, without a boundary");
            }
        }
    }

    #[test]
    fn what_is_no_form_with_one_file_is_refused() {
        let field = "Content-Disposition: form-data; name=\"file\"\r\n\r\nx";
        for (form, why) in [
            (String::new(), "the form has no end"),
            ("--XX--\r\n".to_owned(), "the form has no field `file`"),
            (format!("--XX\r\n{field}"), "the form has no end"),
            (format!("--XX\r\n{field}\r\n--XX"), "the form has no end"),
            (format!("--XX\r\n{field}\r\n--XX\r\n{field}\r\n--XX--"), "the form has two files"),
            ("--XX!!".to_owned(), "the form cannot be read"),
            (format!("--XX\r\nA: {}", "x".repeat(9000)), "the headers of a field are too long"),
        ] {
            assert_eq!(read(&form, 5), Err(why), "{form:.60}");
        }
    }

    #[test]
    fn the_boundary_is_found() {
        for (media_type, expected) in [
            ("multipart/form-data; boundary=XX", Some("XX")),
            ("Multipart/Form-Data;charset=utf-8; Boundary=\"a b\"", Some("a b")),
            ("multipart/form-data", Some("")),
            ("multipart/form-data; boundary=", Some("")),
            ("multipart/mixed; boundary=XX", None),
            ("image/png", None),
        ] {
            assert_eq!(boundary(media_type).as_deref(), expected, "{media_type}");
        }
    }
}
