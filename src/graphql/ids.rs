//! Reading ids from arguments.

use std::str::FromStr;

use alm_domain::IdError;
use async_graphql::{ID, Result};

use super::error::bad_argument;
use crate::app::AppError;

/// An id argument of a query or subscription.
pub(crate) fn argument<T: FromStr<Err = IdError>>(id: &ID, name: &str) -> Result<T> {
    id.parse().map_err(|error: IdError| bad_argument(name, &error.to_string()))
}

/// An id inside the input of a mutation.
pub(crate) fn input<T: FromStr<Err = IdError>>(id: &ID, field: &str) -> Result<T, AppError> {
    id.parse().map_err(|error: IdError| AppError::invalid([field], error.to_string()))
}
