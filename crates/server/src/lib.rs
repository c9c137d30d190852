//! The server: the doors to the command table, and what an operator needs around them.

mod abilities;
pub mod announce;
pub mod cli;
pub mod command;
pub mod commands;
pub mod config;
pub mod console;
pub mod demo;
mod digest;
pub mod files;
pub mod gateway;
mod given;
pub mod http;
pub mod jobs;
pub mod language;
pub mod listen;
pub mod logs;
pub mod metrics;
pub mod node;
pub mod offline_push;
pub mod openapi;
mod outgoing;
pub mod rest;
pub mod s3;
pub mod tls;
pub mod webhooks;
