//! Pipelines of every shape, run by the real local provider, watched over HTTP and websocket.

mod approvals;
mod artifacts;
mod endings;
mod logs;
mod mistakes;
mod outputs;
mod queue;
mod reruns;
mod shapes;
mod steps;
