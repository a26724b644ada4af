//! People: who has signed in, and who works on what.

mod members;
mod tokens;
mod users;

pub(crate) use members::first_owner;
pub use tokens::NewPersonalToken;
pub use users::SignIn;
