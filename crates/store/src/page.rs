//! Pages of lists: by keyset, never by offset.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, IdenStatic, Order, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Select, Value,
    sea_query::{Expr, Query, SimpleExpr},
};
use uuid::Uuid;

use crate::{StoreError, among::BATCH, value::counter};

/// No page is longer, whatever is asked for.
const LONGEST_PAGE: u32 = 1000;

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
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
    let items = positioned(keyset, rows)?;
    let (has_next, has_previous) = if request.backwards { (behind, more) } else { (more, behind) };
    Ok(Page { items, has_next, has_previous, total })
}

/// Lists that belong to somebody.
pub(crate) struct Owned<E: EntityTrait> {
    /// The column that names the owner.
    pub(crate) owner: E::Column,
    /// The column that names the row.
    pub(crate) id: E::Column,
    /// The owner of a row.
    pub(crate) owner_of: fn(&E::Model) -> Uuid,
}

/// The first page (backwards: the last) of the list of each of these owners, with one statement for every few hundred of them, and
/// one more if the lists are counted. A request that goes on from a position is not for many owners: a position belongs to one.
pub(crate) async fn page_of_each<E, T>(
    db: &impl ConnectionTrait,
    owned: &Owned<E>,
    owners: &[Uuid],
    wanted: &Condition,
    keyset: &Keyset<E>,
    request: &PageRequest,
) -> Result<HashMap<Uuid, Page<T>>, StoreError>
where
    E: EntityTrait,
    E::Model: Sync + Send,
    T: TryFrom<E::Model, Error = StoreError>,
{
    let limit = Ord::min(request.limit, LONGEST_PAGE);
    let direction = if keyset.descending == request.backwards { "ASC" } else { "DESC" };
    let order: Vec<_> = keyset.columns.iter().map(|column| format!("{} {direction}", column.as_str())).collect();
    let rank = format!("ROW_NUMBER() OVER (PARTITION BY {} ORDER BY {})", owned.owner.as_str(), order.join(", "));
    let mut pages = HashMap::with_capacity(owners.len());
    for owners in owners.chunks(BATCH) {
        let of_these = owned.owner.is_in(owners.iter().copied());
        let ranked = Query::select()
            .column(owned.id)
            .expr_as(Expr::cust(rank.clone()), "place")
            .from(E::default())
            .and_where(of_these.clone())
            .cond_where(wanted.clone())
            .to_owned();
        let shown = Query::select()
            .column(owned.id)
            .from_subquery(ranked, "ranked")
            .and_where(Expr::col("place").lte(limit + 1))
            .to_owned();
        let mut select = E::find().filter(owned.id.in_subquery(shown));
        for column in keyset.columns {
            select = select.order_by(*column, if direction == "ASC" { Order::Asc } else { Order::Desc });
        }
        let mut rows: HashMap<Uuid, Vec<E::Model>> = HashMap::new();
        for row in select.all(db).await? {
            rows.entry((owned.owner_of)(&row)).or_default().push(row);
        }
        let totals: HashMap<Uuid, i64> = if request.with_total {
            let counts = E::find().filter(of_these).filter(wanted.clone()).select_only().column(owned.owner);
            let counts = counts.column_as(owned.id.count(), "rows").group_by(owned.owner);
            counts.into_tuple::<(Uuid, i64)>().all(db).await?.into_iter().collect()
        } else {
            HashMap::new()
        };
        for owner in owners {
            let mut rows = rows.remove(owner).unwrap_or_default();
            let more = rows.len() > limit as usize;
            rows.truncate(limit as usize);
            if request.backwards {
                rows.reverse();
            }
            let items = positioned(keyset, rows)?;
            let (has_next, has_previous) = if request.backwards { (false, more) } else { (more, false) };
            let total = totals.get(owner).copied().unwrap_or_default();
            let total = if request.with_total { Some(counter(total)?) } else { None };
            pages.insert(*owner, Page { items, has_next, has_previous, total });
        }
    }
    Ok(pages)
}

/// Rows as items, each with its position.
fn positioned<E, T>(keyset: &Keyset<E>, rows: Vec<E::Model>) -> Result<Vec<(Vec<u8>, T)>, StoreError>
where
    E: EntityTrait,
    T: TryFrom<E::Model, Error = StoreError>,
{
    let item = |row: E::Model| {
        let position = (keyset.encode)(&row);
        T::try_from(row).map(|item| (position, item))
    };
    rows.into_iter().map(item).collect()
}

fn key_of<E: EntityTrait>(keyset: &Keyset<E>) -> SimpleExpr {
    Expr::tuple(keyset.columns.iter().map(|column| Expr::col((E::default(), *column))))
}

fn tuple(values: &[Value]) -> SimpleExpr {
    Expr::tuple(values.iter().cloned().map(Expr::val))
}
