//! Stories about the transport, with a small schema behind it.

mod auth;
mod body;
mod compression;
mod documents;
mod foreign_pages;
mod hosts;
mod node;
mod over_http;
mod pages;
mod sockets;
mod sse;
mod support;
mod trusted;
mod unread;
mod ws_close;
mod ws_flow;
mod ws_limits;
