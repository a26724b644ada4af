//! Versions, the environments that they are brought to, and the board.

mod approvals;
mod board;
mod crashes;
mod pipelines;
mod promotions;
mod rollbacks;
mod shop;
