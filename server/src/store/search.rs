//! Searching the history for a part of a text, through an index of all three characters that follow each other.
//!
//! The index only says which deploys may be meant; `like` then looks at each, so an answer is exact.

use super::{
    Store, StoreError,
    history::{Asked, bound, page, restrictions},
    pool::Pool,
    rows::{DeployRow, deploy_fields, without_nul},
};

/// More make the answer of the index no better.
const MOST: usize = 8;

/// Newest first: that is the order of the index, so it is read no further than the page is long. A row of the index is
/// named by the Deployment's ordinal and the deploy's number (see the migration).
const SQLITE: &str = concat!(
    deploy_fields!(),
    "from deploy_search f cross join deploy_states s cross join deploys d \
     where f.deploy_search match $14 and f.rowid between \
     (select ordinal << 32 from search_ordinals where deployment_id = $1) and \
     (select (ordinal << 32) + min($2 - 1, 4294967295) from search_ordinals where deployment_id = $1) \
     and s.deployment_id = $1 and s.number = (f.rowid & 4294967295) \
     and d.deployment_id = s.deployment_id and d.number = s.number and ",
    restrictions!(),
    "order by f.rowid desc limit $13"
);

/// PostgreSQL's index gives no order, so what is found is sorted; a frequent text is therefore looked for here first.
const POSTGRES_NEWEST: &str =
    page!("s.number >= (select max(number) from deploys where deployment_id = $1 and number < $2) - 2000");
/// Materialized, because the planner would else walk down all numbers to find the few that a rare text has.
const POSTGRES: &str = concat!(
    "with found as materialized (select s.number from deploy_states s where s.deployment_id = $1 and s.number < $2 \
     and trigrams(s.search_text) @> $14 and ",
    restrictions!(),
    ") ",
    deploy_fields!(),
    "from (select number from found order by number desc limit $13) f \
     join deploy_states s on s.deployment_id = $1 and s.number = f.number \
     join deploys d on d.deployment_id = $1 and d.number = f.number order by s.number desc"
);

impl Store {
    pub(super) async fn searched(
        &self,
        asked: &Asked<'_>,
        trigrams: Vec<String>,
    ) -> Result<Vec<DeployRow>, StoreError> {
        Ok(match &self.pool {
            Pool::Sqlite { read, .. } => bound!(SQLITE, asked).bind(all_of(&trigrams)).fetch_all(read).await?,
            Pool::Postgres(pool) => {
                let newest: Vec<DeployRow> = bound!(POSTGRES_NEWEST, asked).fetch_all(pool).await?;
                if i64::try_from(newest.len()) == Ok(asked.limit) {
                    return Ok(newest);
                }
                bound!(POSTGRES, asked).bind(trigrams).fetch_all(pool).await?
            }
        })
    }
}

/// `text` anywhere, as it is: the signs of `like` mean themselves.
pub(super) fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in without_nul(text).to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Some of the three characters that follow each other in a text, in lower case like what is searched; together they
/// cover it, as far as there are not too many. `None` of a text that is shorter: it is in so many deploys that walking
/// down the history soon finds a page of them.
pub(super) fn trigrams(text: &str) -> Option<Vec<String>> {
    let text: Vec<char> = without_nul(text).to_lowercase().chars().collect();
    let last = text.len().checked_sub(3)?;
    let places = (0..last).step_by(3).take(MOST - 1).chain([last]);
    Some(places.map(|at| text[at..at + 3].iter().collect()).collect())
}

/// The query language of FTS5: each as a string, all of them.
fn all_of(trigrams: &[String]) -> String {
    let quoted: Vec<_> = trigrams.iter().map(|t| format!("\"{}\"", t.replace('"', "\"\""))).collect();
    quoted.join(" AND ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trigrams_cover_the_text() {
        assert_eq!(trigrams("Currency").unwrap(), ["cur", "ren", "ncy"]);
        assert_eq!(trigrams("abc").unwrap(), ["abc"]);
        assert_eq!(trigrams("abcd").unwrap(), ["abc", "bcd"]);
        assert_eq!(trigrams("ŁÓDŹ").unwrap(), ["łód", "ódź"]);
    }

    #[test]
    fn a_short_text_has_none_and_a_long_one_not_too_many() {
        assert_eq!(trigrams("ab"), None);
        assert_eq!(trigrams(""), None);
        let many = trigrams(&"0123456789".repeat(7)).unwrap();
        assert_eq!((many.len(), many[MOST - 1].as_str()), (MOST, "789"));
    }

    #[test]
    fn no_sign_of_the_query_language_means_anything() {
        assert_eq!(all_of(&["a\"b".to_owned(), "or ".to_owned()]), r#""a""b" AND "or ""#);
    }
}
