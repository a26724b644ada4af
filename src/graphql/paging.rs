//! Relay connections over keyset pages.

use alm_domain::{Cursor, CursorKind};
use alm_store::{Page, PageRequest};
use async_graphql::{
    Context, OutputType, Result, SimpleObject,
    connection::{Connection, Edge, EmptyFields},
};
use uuid::Uuid;

use super::{
    error::{bad_cursor, bad_page},
    scalars::Int53,
};

/// Largest page.
pub(crate) const LARGEST: u32 = 100;
/// Page where no size was asked for.
pub(crate) const USUAL: u32 = 20;

/// What every connection adds.
#[derive(SimpleObject)]
pub(crate) struct Total {
    /// Count across all pages; null when counting would be costly.
    total_count: Option<Int53>,
}

pub(crate) type Pages<T> = Connection<String, T, Total, EmptyFields>;

/// The page arguments as they came.
#[derive(Debug, Default)]
pub(crate) struct PageArguments {
    pub(crate) first: Option<i32>,
    pub(crate) after: Option<String>,
    pub(crate) last: Option<i32>,
    pub(crate) before: Option<String>,
}

/// Rows that a page may hold, for the cost of a list.
pub(crate) fn rows(first: Option<i32>, last: Option<i32>) -> usize {
    usize::try_from(first.or(last).unwrap_or(USUAL.cast_signed())).unwrap_or(0).clamp(1, LARGEST as usize)
}

impl PageArguments {
    /// The request for the store.
    pub(crate) fn request(&self, ctx: &Context<'_>, kind: CursorKind, owner: Uuid) -> Result<PageRequest> {
        let size = |given: Option<i32>, name: &str| match given {
            None => Ok(None),
            Some(n) => u32::try_from(n)
                .ok()
                .filter(|n| (1..=LARGEST).contains(n))
                .map(Some)
                .ok_or_else(|| bad_page(name, &format!("{n} is not a page size: use 1 to {LARGEST}"))),
        };
        let (first, last) = (size(self.first, "first")?, size(self.last, "last")?);
        if first.is_some() && last.is_some() {
            return Err(bad_page("last", "cannot be used together with `first`: use one of them"));
        }
        let backwards = last.is_some();
        let (name, cursor, other) = if backwards {
            ("before", &self.before, self.after.as_ref().map(|_| "after"))
        } else {
            ("after", &self.after, self.before.as_ref().map(|_| "before"))
        };
        if let Some(other) = other {
            return Err(bad_page(other, "goes with `first` and `after`, or with `last` and `before`"));
        }
        let from = cursor
            .as_deref()
            .map(|text| Cursor::position_in(text, kind, owner).map_err(|error| bad_cursor(name, error)))
            .transpose()?;
        // Counting costs a statement, so it is done for those who ask.
        let with_total = ctx.look_ahead().field("totalCount").exists();
        Ok(PageRequest { limit: first.or(last).unwrap_or(USUAL), backwards, from, with_total })
    }
}

/// A page of the store as a connection.
pub(crate) fn connection<T, N: OutputType>(
    page: Page<T>,
    kind: CursorKind,
    owner: Uuid,
    view: impl Fn(T) -> N,
) -> Pages<N> {
    let total = Total { total_count: page.total.map(Int53) };
    let mut connection = Connection::with_additional_fields(page.has_previous, page.has_next, total);
    connection.edges = page
        .items
        .into_iter()
        .map(|(position, item)| Edge::new(Cursor { kind, subject: owner, position }.encode(), view(item)))
        .collect();
    connection
}
