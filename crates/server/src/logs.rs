//! Where the log goes and how it looks: standard error, one line an event, for people or as JSON.
//!
//! Values in a line may come from clients, so control characters are escaped in both formats: nobody can forge a line
//! or steer a terminal.

use std::{
    fmt::{self, Write as _},
    io::{self, IsTerminal},
};

use anyhow::Context;
use tracing::{Subscriber, field::Field};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    field::MakeExt,
    fmt::{MakeWriter, format},
    layer::SubscriberExt,
};

use crate::config::{Log, LogFormat};

/// The variable that overrides the configured level.
const LEVEL_VARIABLE: &str = "RUST_LOG";

/// Starts logging for the whole process. Fails when a level cannot be read or logging was started before.
pub fn start(log: &Log) -> anyhow::Result<()> {
    let over = std::env::var(LEVEL_VARIABLE).ok();
    let filter = filter(log, over.as_deref())?;
    let subscriber = subscriber(log.format, filter, io::stderr, io::stderr().is_terminal());
    tracing::subscriber::set_global_default(subscriber).context("logging was started twice")
}

/// The filter of `over` when it says something, else of the configuration.
pub(crate) fn filter(log: &Log, over: Option<&str>) -> anyhow::Result<EnvFilter> {
    let (name, text) = match over {
        Some(text) if !text.is_empty() => (LEVEL_VARIABLE, text),
        _ => ("log.level", log.level.as_str()),
    };
    EnvFilter::builder().parse(text).with_context(|| {
        format!("`{name}` is {text:?}; expected off, error, warn, info, debug or trace, or a filter such as info,server=debug")
    })
}

fn subscriber<W>(
    format: LogFormat,
    filter: EnvFilter,
    writer: W,
    colours: bool,
) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colours);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Human => lines.compact().fmt_fields(format::debug_fn(write_field).delimited(" ")).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    Registry::default().with(lines).with(filter)
}

fn write_field(writer: &mut format::Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let mut escaped = Escaped { writer };
    match field.name() {
        "message" => write!(escaped, "{value:?}"),
        name => write!(escaped, "{name}={value:?}"),
    }
}

/// Passes text on with every character escaped that is not there to be seen.
struct Escaped<'a, 'w> {
    writer: &'a mut format::Writer<'w>,
}

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((at, unseen)) = rest.char_indices().find(|(_, it)| is_unseen(*it)) {
            self.writer.write_str(&rest[..at])?;
            write!(self.writer, "{}", unseen.escape_default())?;
            rest = &rest[at + unseen.len_utf8()..];
        }
        self.writer.write_str(rest)
    }
}

/// Control characters, line and paragraph separators, and the marks that turn the direction of text around.
fn is_unseen(it: char) -> bool {
    it.is_control()
        || matches!(it, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps what is logged.
    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: &str, work: impl FnOnce()) -> String {
        let buffer = Buffer::default();
        let log = Log { format, level: level.to_owned() };
        let writer = buffer.clone();
        let subscriber = subscriber(format, filter(&log, None).unwrap(), move || writer.clone(), false);
        tracing::subscriber::with_default(subscriber, work);
        String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap()
    }

    const FORGED: &str = "ann\n2026-01-01T00:00:00Z ERROR \u{1b}[31mdisk full\r\u{7}\u{2028}\u{202e}x";

    #[test]
    fn a_user_cannot_forge_a_line() {
        let work = || {
            let span = tracing::info_span!("session", user = FORGED, shown = %FORGED);
            let _entered = span.enter();
            tracing::info!(user = FORGED, shown = %FORGED, debug = ?FORGED, "login of {FORGED}");
        };
        for format in [LogFormat::Human, LogFormat::Json] {
            let text = logged(format, "info", work);
            assert_eq!(text.lines().count(), 1, "{format:?}: {text}");
            let unseen: Vec<_> = text.trim_end_matches('\n').chars().filter(|it| it.is_control()).collect();
            assert!(unseen.is_empty(), "{format:?}: {unseen:?} in {text}");
            assert!(text.contains("disk full"), "{format:?}: the text itself is kept: {text}");
        }
    }

    #[test]
    fn a_line_for_people_shows_message_and_fields() {
        let text =
            logged(LogFormat::Human, "info", || tracing::warn!(user = "李 雷", code = 70_001, "refused"));
        assert!(text.contains(" WARN "), "{text}");
        assert!(text.ends_with("refused user=\"李 雷\" code=70001\n"), "{text}");
    }

    #[test]
    fn a_json_line_has_the_fields_at_the_top() {
        let text =
            logged(LogFormat::Json, "info", || tracing::warn!(user = "ann\n", code = 70_001, "refused"));
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&line["level"], &line["message"]), (&"WARN".into(), &"refused".into()));
        assert_eq!((&line["user"], &line["code"]), (&"ann\n".into(), &70_001.into()));
    }

    #[test]
    fn the_level_says_what_is_kept() {
        for (level, kept) in
            [("off", 0), ("error", 1), ("info", 2), ("debug", 3), ("info,server=off,infra=off", 0)]
        {
            let text = logged(LogFormat::Human, level, || {
                tracing::error!("one");
                tracing::info!("two");
                tracing::debug!("three");
            });
            assert_eq!(text.lines().count(), kept, "{level}: {text}");
        }
    }

    #[test]
    fn the_variable_overrides_the_configured_level() {
        let log = Log::default();
        for (over, expected) in [(None, "info"), (Some(""), "info"), (Some("debug"), "debug")] {
            assert_eq!(filter(&log, over).unwrap().to_string(), expected, "{over:?}");
        }
        let told = format!("{:#}", filter(&log, Some("loud=very")).unwrap_err());
        assert!(told.starts_with(r#"`RUST_LOG` is "loud=very"; expected off"#), "{told}");
    }
}
