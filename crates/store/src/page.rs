//! Pages of lists: by keyset, never by offset.

use sea_orm::{
    ConnectionTrait, EntityTrait, ExprTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    Value,
    sea_query::{Expr, SimpleExpr},
};

use crate::StoreError;

/// No page is longer, whatever is asked for.
const LONGEST_PAGE: u32 = 1000;

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageRequest {
    /// How many items at most; no more than 1000 are given.
    pub limit: u32,
    /// Whether to go from the end of the list (or from `from`) towards its beginning. The items come in the list's order all
    /// the same.
    pub backwards: bool,
    /// The position next to which the page begins, itself left out; `None` for the list's beginning (or its end).
    pub from: Option<Vec<u8>>,
    /// Whether to count the whole list, which costs a statement more.
    pub with_total: bool,
}

impl PageRequest {
    /// The first items of a list.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { limit, backwards: false, from: None, with_total: false }
    }
}

/// Part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items, each with its position.
    pub items: Vec<(Vec<u8>, T)>,
    /// Whether the list goes on behind the last of them.
    pub has_next: bool,
    /// Whether there is something before the first of them.
    pub has_previous: bool,
    /// Length of the whole list, if it was asked for.
    pub total: Option<u64>,
}

/// What a list is ordered by.
pub(crate) struct Keyset<E: EntityTrait> {
    pub(crate) columns: &'static [E::Column],
    pub(crate) descending: bool,
    /// The position of a row.
    pub(crate) encode: fn(&E::Model) -> Vec<u8>,
    /// The values of the columns at a position; `None` if it is none.
    pub(crate) decode: fn(&[u8]) -> Option<Vec<Value>>,
}

/// Reads one page of the rows that `base` selects.
pub(crate) async fn page<E, T>(
    db: &impl ConnectionTrait,
    base: Select<E>,
    keyset: &Keyset<E>,
    request: &PageRequest,
) -> Result<Page<T>, StoreError>
where
    E: EntityTrait,
    E::Model: Sync + Send,
    T: TryFrom<E::Model, Error = StoreError>,
{
    let limit = Ord::min(request.limit, LONGEST_PAGE);
    let from = match &request.from {
        Some(position) => Some((keyset.decode)(position).ok_or(StoreError::BadPosition)?),
        None => None,
    };
    let ascending = keyset.descending == request.backwards;
    let mut select = base.clone().limit(u64::from(limit) + 1);
    for column in keyset.columns {
        select = select.order_by(*column, if ascending { Order::Asc } else { Order::Desc });
    }
    if let Some(values) = &from {
        let (columns, values) = (key_of(keyset), tuple(values));
        select = select.filter(if ascending { columns.gt(values) } else { columns.lt(values) });
    }
    let mut rows = select.all(db).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let behind = match &from {
        Some(values) => {
            let (columns, values) = (key_of(keyset), tuple(values));
            let other_side = if ascending { columns.lte(values) } else { columns.gte(values) };
            base.clone().filter(other_side).limit(1).one(db).await?.is_some()
        }
        None => false,
    };
    let total = if request.with_total { Some(base.count(db).await?) } else { None };
    if request.backwards {
        rows.reverse();
    }
    let items = rows
        .into_iter()
        .map(|row| {
            let position = (keyset.encode)(&row);
            T::try_from(row).map(|item| (position, item))
        })
        .collect::<Result<_, _>>()?;
    let (has_next, has_previous) = if request.backwards { (behind, more) } else { (more, behind) };
    Ok(Page { items, has_next, has_previous, total })
}

fn key_of<E: EntityTrait>(keyset: &Keyset<E>) -> SimpleExpr {
    Expr::tuple(keyset.columns.iter().map(|column| Expr::col((E::default(), *column))))
}

fn tuple(values: &[Value]) -> SimpleExpr {
    Expr::tuple(values.iter().cloned().map(Expr::val))
}
