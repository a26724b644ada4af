//! Finding people.

use async_graphql::{Context, Object, Result};

use crate::graphql::{
    context::ContextExt,
    error::{bad_argument, store_fault},
    paging::rows,
    viewer::UserNode,
};

/// Longest text to search for, in characters.
const LONGEST_SEARCH: usize = 100;

#[derive(Default)]
pub(crate) struct PeopleQuery;

#[Object]
impl PeopleQuery {
    /// People whose logins begin so, by login; at most 50. Only who has signed in here is found.
    #[graphql(complexity = "rows(first, None) * child_complexity")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How the login begins, in the same case.")] search: String,
        #[graphql(desc = "How many at most, 1 to 50.")] first: Option<i32>,
    ) -> Result<Vec<UserNode>> {
        if search.chars().count() > LONGEST_SEARCH {
            return Err(bad_argument("search", &format!("has more than {LONGEST_SEARCH} characters")));
        }
        let most = match first {
            None => 10,
            Some(first @ 1..=50) => u64::from(first.unsigned_abs()),
            Some(_) => return Err(bad_argument("first", "is not between 1 and 50")),
        };
        let found =
            ctx.app()?.store().search_users(ctx.principal()?, search.trim(), most).await.map_err(store_fault)?;
        Ok(found.into_iter().map(UserNode::from).collect())
    }
}
