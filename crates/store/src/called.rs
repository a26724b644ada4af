//! Projects by the words that they are called by.

use sea_orm::{
    ColumnTrait, Condition, ExprTrait,
    sea_query::{Expr, Func, LikeExpr, SimpleExpr},
};

use crate::{
    entity::{project, service},
    value::containing,
    verdict::with_a_service,
};

/// So many words of a search are looked for.
const MOST_WORDS: usize = 16;

/// Projects of which each word is a part of a short name or of a name: their own, or one of a build service of theirs that is not
/// removed.
pub(crate) fn called(words: &str) -> Condition {
    words.split_whitespace().take(MOST_WORDS).fold(Condition::all(), |all, word| {
        let pattern = containing(&word.to_lowercase());
        let like = |name: SimpleExpr| name.like(LikeExpr::new(pattern.clone()).escape('\\'));
        let slug = Expr::col((service::Entity, service::Column::Slug));
        let name = Func::lower(Expr::col((service::Entity, service::Column::DisplayName)));
        all.add(
            Condition::any()
                .add(like(Expr::col((project::Entity, project::Column::SearchText))))
                .add(project::Column::Id.in_subquery(with_a_service(like(slug).or(like(name.into()))))),
        )
    })
}
