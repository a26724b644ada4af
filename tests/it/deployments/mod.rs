//! Versions, the environments that they are brought to, and the board.

mod approvals;
mod board;
mod crashes;
mod kills;
mod order;
mod pipelines;
mod promotions;
mod protected;
mod rollbacks;
mod shop;
