//! Asks the operator's services for translations and for the words of recordings.
//! `spec/concepts/translate-and-speech.md`.

use std::sync::Arc;

use bytes::Bytes;
use chat::{
    Chat,
    apps::State,
    clock::Clock,
    language::{Answering, Kind, LanguageService, Question},
};
use http_body_util::Full;
use hyper::{Method, Request, header};

use crate::outgoing::{Protocol, USER_AGENT, Wire, signed};

/// Longest answer of a service that is read: 6000 characters may become many more. Bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Connects both services. `allow_local`: they may be on this machine or link.
pub fn connect(chat: &Arc<Chat>, allow_local: bool) {
    let wire = |ca_file| Wire::new(Protocol::Http1, allow_local, ca_file, ANSWER_BYTES_MAX);
    let translate = wire(|it| Kind::Translate.ca_file(it));
    let speech = wire(|it| Kind::Speech.ca_file(it));
    chat.language.connect(Arc::new(Http { clock: chat.clock.clone(), translate, speech }));
}

struct Http {
    clock: Clock,
    translate: Wire,
    speech: Wire,
}

impl Http {
    async fn exchange(&self, state: &State, it: &Question) -> Result<Bytes, String> {
        let request = self.request(state, it).map_err(|it| it.to_string())?;
        let wire = match it.kind {
            Kind::Translate => &self.translate,
            Kind::Speech => &self.speech,
        };
        let answer = wire.exchange((it.app, state), request, it.timeout).await?;
        match answer.status.is_success() {
            true => Ok(answer.body),
            false => Err(format!("status {}", answer.status.as_u16())),
        }
    }

    fn request(&self, state: &State, it: &Question) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(it.kind.url(&state.settings))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, USER_AGENT);
        let request = signed(request, state, &it.id, self.clock.now(), &it.body);
        request.body(Full::new(Bytes::from(it.body.clone())))
    }
}

impl LanguageService for Http {
    fn ask<'a>(&'a self, state: &'a Arc<State>, question: &'a Question) -> Answering<'a> {
        Box::pin(self.exchange(state, question))
    }
}
