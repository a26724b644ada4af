//! Stories about the transport, with a small schema behind it.

mod auth;
mod body;
mod documents;
mod hosts;
mod node;
mod over_http;
mod pages;
mod sockets;
mod support;
mod unread;
mod ws_close;
mod ws_flow;
mod ws_limits;
