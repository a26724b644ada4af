//! People: who has signed in, and who works on what.

mod members;
mod users;

pub(crate) use members::first_owner;
pub use users::SignIn;
