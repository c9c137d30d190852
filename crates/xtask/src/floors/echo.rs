//! The barest HTTP server that reads JSON and answers with JSON.

use std::{convert::Infallible, io::Write};

use anyhow::Context;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::net::TcpListener;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Call<'a> {
    #[serde(rename = "To_Account")]
    to: &'a str,
    msg_seq: u32,
    msg_random: u32,
    #[serde(borrow)]
    msg_body: Vec<&'a RawValue>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    action_status: &'static str,
    error_info: String,
    error_code: i32,
    msg_time: i64,
    msg_key: String,
}

/// Prints its address and serves until it is killed, with the runtime that the real server has.
pub fn serve() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut stdout = std::io::stdout();
        writeln!(stdout, "http://{}", listener.local_addr()?).context("nobody reads the address")?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            // A client that goes away is no concern of this server.
            tokio::spawn(async move { connection.await.unwrap_or_default() });
        }
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.map(|it| it.to_bytes()).unwrap_or_default();
    let answer = match serde_json::from_slice::<Call<'_>>(&body) {
        Ok(Call { to, msg_seq, msg_random, msg_body }) => Answer {
            action_status: "OK",
            msg_time: (to.len() + msg_body.len()) as i64,
            msg_key: format!("{msg_seq}_{msg_random}"),
            ..Answer::default()
        },
        Err(error) => Answer { error_code: 1, error_info: error.to_string(), ..Answer::default() },
    };
    let body = serde_json::to_vec(&answer).unwrap_or_default();
    Ok(Response::new(Full::new(body.into())))
}
