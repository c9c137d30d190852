//! Translation and speech to text, done by services that the operator names. `spec/concepts/translate-and-speech.md`.
//!
//! What a user may ask and how many are asked at once is decided here; HTTP is the business of whoever implements
//! [`LanguageService`]. Nothing is stored, and no text that was asked or answered is logged.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use proto::{Code, Fail};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Cx, apps::State, error::Error, settings::Settings};

/// Texts of one call.
pub const TEXTS_MAX: usize = 100;
/// Characters of all texts of a call together.
pub const CHARACTERS_MAX: usize = 6000;
/// Longest name of a language, of a format of sound or of an engine. Bytes.
pub const WORD_BYTES_MAX: usize = 32;
/// Questions of one user that one kind of service works on at the same time, so that nobody takes all places.
const ASKED_BY_USER_MAX: usize = 4;
/// Longest name that a service may give to its answer; a longer one is replaced by ours. Bytes.
const REQUEST_ID_BYTES_MAX: usize = 128;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Translate,
    Speech,
}

impl Kind {
    pub const ALL: [Kind; 2] = [Kind::Translate, Kind::Speech];

    /// As its settings begin.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Translate => "translate",
            Kind::Speech => "speech",
        }
    }

    /// Where the service is; empty when there is none.
    pub fn url(self, settings: &Settings) -> &str {
        match self {
            Kind::Translate => &settings.translate_url,
            Kind::Speech => &settings.speech_url,
        }
    }

    /// Authorities that the service is trusted by, beside those of the system.
    pub fn ca_file(self, settings: &Settings) -> &str {
        match self {
            Kind::Translate => &settings.translate_tls_ca_file,
            Kind::Speech => &settings.speech_tls_ca_file,
        }
    }

    fn timeout(self, settings: &Settings) -> Duration {
        let millis = match self {
            Kind::Translate => settings.translate_timeout_ms,
            Kind::Speech => settings.speech_timeout_ms,
        };
        Duration::from_millis(millis.max(1).unsigned_abs())
    }

    fn asked_max(self, settings: &Settings) -> usize {
        let most = match self {
            Kind::Translate => settings.translate_max_parallel,
            Kind::Speech => settings.speech_max_parallel,
        };
        usize::try_from(most).unwrap_or(0)
    }
}

/// One POST to a service.
#[derive(Clone, Debug)]
pub struct Question {
    pub app: u32,
    pub kind: Kind,
    pub id: String,
    pub body: String,
    pub timeout: Duration,
}

/// The body of a good answer, or why there is none. The reason is for the log and holds nothing that a user said.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<Bytes, String>> + Send + 'a>>;

/// Carries questions to the services.
pub trait LanguageService: Send + Sync {
    /// Asks once, within the question's time.
    fn ask<'a>(&'a self, state: &'a Arc<State>, question: &'a Question) -> Answering<'a>;
}

/// The way to the services of a node.
#[derive(Default)]
pub struct Language(OnceLock<Arc<dyn LanguageService>>);

impl Language {
    /// Says how questions go out; only the first call counts. Until then nothing is answered.
    pub fn connect(&self, service: Arc<dyn LanguageService>) {
        _ = self.0.set(service);
    }
}

/// The questions of an app that are being answered, by kind of service.
#[derive(Default)]
pub(crate) struct Asked([Mutex<HashMap<String, usize>>; Kind::ALL.len()]);

impl Asked {
    /// A place for one more question of a user; `None` when there is none.
    fn place<'a>(&'a self, kind: Kind, user: &'a str, most: usize) -> Option<Place<'a>> {
        let asked = &self.0[kind as usize];
        let mut by_user = asked.lock().expect("no holder panics");
        let mine = by_user.get(user).copied().unwrap_or(0);
        if mine >= ASKED_BY_USER_MAX || by_user.values().sum::<usize>() >= most {
            return None;
        }
        by_user.insert(user.to_owned(), mine + 1);
        Some(Place { asked, user })
    }
}

/// Held while a question is being answered.
struct Place<'a> {
    asked: &'a Mutex<HashMap<String, usize>>,
    user: &'a str,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut by_user = self.asked.lock().expect("no holder panics");
        if let Some(mine) = by_user.get_mut(self.user) {
            *mine -= 1;
            if *mine == 0 {
                by_user.remove(self.user);
            }
        }
    }
}

/// What a service said, by the name of the request.
pub struct Answered<T> {
    pub said: T,
    pub request_id: String,
}

/// Texts to be translated.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Texts {
    /// `auto` lets the service guess.
    pub source: String,
    pub target: String,
    pub source_text: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Translated {
    target_text: Vec<String>,
}

/// A recording that was uploaded here.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Recording {
    pub url: String,
    pub format: String,
    pub engine: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Understood {
    text: String,
}

/// Nothing is asked of an app that has no such service, whatever else is wrong with the call.
pub fn check_available(cx: &Cx, kind: Kind) -> Result<(), Fail> {
    match kind.url(&cx.app.state().settings) {
        "" => Err(Fail::with(Code::FeatureOff, format!("no service is set up ({}.url)", kind.name()))),
        _ => Ok(()),
    }
}

/// The texts in another language, one for each, in their order.
pub async fn translate(cx: &Cx, texts: Texts) -> Result<Answered<Vec<String>>, Error> {
    let bad = |info: String| Err(Fail::with(Code::MsgInvalid, info).into());
    let count = texts.source_text.len();
    if !(1..=TEXTS_MAX).contains(&count) {
        return bad(format!("SourceText must have 1 to {TEXTS_MAX} texts"));
    }
    let characters: usize = texts.source_text.iter().map(|it| it.chars().count()).sum();
    if characters > CHARACTERS_MAX {
        return bad(format!("SourceText has over {CHARACTERS_MAX} characters"));
    }
    check_word("Source", &texts.source)?;
    check_word("Target", &texts.target)?;
    let answered: Answered<Translated> = ask(cx, Kind::Translate, &texts).await?;
    let said = answered.said.target_text;
    if said.len() != count {
        return Err(failed(cx, Kind::Translate, "not as many texts as were asked for"));
    }
    Ok(Answered { said, request_id: answered.request_id })
}

/// What is said in a recording; empty when nothing was understood.
pub async fn recognise(cx: &Cx, recording: &Recording) -> Result<Answered<String>, Error> {
    for (name, word) in [("BytesVoiceFormat", &recording.format), ("BytesEngServiceType", &recording.engine)]
    {
        check_word(name, word)?;
    }
    let answered: Answered<Understood> = ask(cx, Kind::Speech, recording).await?;
    Ok(Answered { said: answered.said.text, request_id: answered.request_id })
}

/// A word of the service's own vocabulary, which may be left empty where the command says so.
fn check_word(name: &str, word: &str) -> Result<(), Fail> {
    let is_good = |it: u8| it.is_ascii_alphanumeric() || b"-_.".contains(&it);
    match word.len() <= WORD_BYTES_MAX && word.bytes().all(is_good) {
        true => Ok(()),
        false => Err(Fail::with(
            Code::MsgInvalid,
            format!("{name} must have at most {WORD_BYTES_MAX} letters, digits, '-', '_' and '.'"),
        )),
    }
}

/// A question as it goes out: who asks, then what.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a, T> {
    sdk_app_id: u32,
    user_id: &'a str,
    #[serde(flatten)]
    asked: &'a T,
}

async fn ask<T: DeserializeOwned>(cx: &Cx, kind: Kind, asked: &impl Serialize) -> Result<Answered<T>, Error> {
    check_available(cx, kind)?;
    let (state, user) = (cx.app.state(), cx.caller.user());
    let body = serde_json::to_string(&Body { sdk_app_id: cx.app.id, user_id: user, asked })?;
    let place = cx.app.asked.place(kind, user, kind.asked_max(&state.settings));
    let _place = place.ok_or_else(|| Fail::from(Code::Overloaded))?;
    let (id, timeout) = (cx.chat.random.name(), kind.timeout(&state.settings));
    let question = Question { app: cx.app.id, kind, id, body, timeout };
    let state = state.clone();
    let Some(service) = cx.chat.language.0.get() else {
        return Err(failed(cx, kind, "this process asks no services"));
    };
    let body = match service.ask(&state, &question).await {
        Ok(it) => it,
        Err(why) => return Err(failed(cx, kind, &why)),
    };
    let Ok(said) = serde_json::from_slice::<Value>(&body) else {
        return Err(failed(cx, kind, "an answer that is no JSON"));
    };
    let request_id = said["RequestId"].as_str().filter(|it| (1..=REQUEST_ID_BYTES_MAX).contains(&it.len()));
    let request_id = request_id.map_or(question.id, str::to_owned);
    // A list would be taken for the values of an object's members.
    let said = Some(said).filter(Value::is_object).and_then(|it| serde_json::from_value(it).ok());
    match said {
        Some(said) => Ok(Answered { said, request_id }),
        None => Err(failed(cx, kind, "an answer of another form")),
    }
}

/// The caller is told that it failed, the operator why.
fn failed(cx: &Cx, kind: Kind, why: &str) -> Error {
    tracing::warn!(
        app = cx.app.id,
        service = kind.name(),
        why,
        "a language service did not answer as it should"
    );
    Fail::with(Code::TimedOut, "the service failed or took too long").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_places_and_each_is_given_back() {
        let asked = Asked::default();
        let place = |user| asked.place(Kind::Translate, user, 6);
        let mut held: Vec<_> = (0..ASKED_BY_USER_MAX).map(|_| place("ann").expect("a place")).collect();
        assert!(place("ann").is_none(), "one user has so many at most");
        held.push(place("bob").expect("a place"));
        held.push(place("bob").expect("the last place"));
        assert!(place("cid").is_none(), "all together have so many at most");
        assert!(asked.place(Kind::Speech, "ann", 1).is_some(), "the other service has its own");
        drop(held.remove(0));
        assert!(place("cid").is_some());
        drop(held);
        assert!(asked.0.iter().all(|it| it.lock().unwrap().is_empty()), "nobody is remembered");
    }
}
