//! A server that sends every WebSocket message back, through the gateway's own reader, outbox and socket. For the
//! Autobahn test suite (`cargo xtask autobahn`). Prints its address and serves until its standard input ends.
#![expect(clippy::print_stdout, reason = "whoever starts it reads the address")]

use std::io::Read;

use anyhow::Context;
use chat::{Chat, clock::Clock, random::Random};
use server::{
    config::Limits,
    http::{self, Routes},
    listen::{self, Gate},
    node::Node,
};
use store::{Db, testing::Folder};
use tokio::sync::watch;

/// The suite opens one connection at a time.
const CONNECTIONS_MAX: usize = 16;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = Folder::new()?;
    let db = Db::open_sqlite(&folder.path().join("magpie.db"))?;
    let chat = Chat::open(db, Clock::system(), Random::system()).await?;
    let node = Node::new(chat, Limits::default(), folder.path().to_owned());
    let (_stop, stopping) = watch::channel(false);
    let listener = listen::bind(([127, 0, 0, 1], 0).into())?;
    println!("ws://{}", listener.local_addr()?);
    let gate = Gate::new(CONNECTIONS_MAX, node.metrics.clone());
    let stopped = stopping.clone();
    let serve = move |stream, peer, permit| {
        http::serve(node.clone(), Routes::Echo, stream, peer, permit, stopped.clone())
    };
    tokio::spawn(listen::serve(listener, None, gate, stopping, serve));
    let input_ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    input_ended.await?.context("reading the standard input")?;
    Ok(())
}
