//! Who may come in, and what each may see and do.

mod mutations;
mod reads;
mod selection;
mod sign_in;
mod streams;
mod tokens;
mod world;
