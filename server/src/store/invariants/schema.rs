//! The schema is what the migrations made: what keeps the invariants is there, and switched on.

use std::collections::{BTreeMap, BTreeSet};

use backstep_domain::{Flaw, FlawKind};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, sqlite::SqliteConnectOptions};

use super::super::{
    StoreError, migrate,
    pool::{Tx, within},
};

const VERSIONS: &str = "select version from schema_version order by version";

pub(super) async fn check(tx: &mut Tx) -> Result<Vec<Flaw>, StoreError> {
    let versions: Vec<i64> = within!(tx, c => sqlx::query_scalar(VERSIONS).fetch_all(c).await)?;
    let mut flaws = Vec::new();
    let newest = versions.last().copied().unwrap_or_default();
    if versions != (1..=newest).collect::<Vec<_>>() {
        flaws.push(flaw(format!("The schema says that it had the versions {versions:?}; none is left out.")));
    }
    match tx {
        Tx::Sqlite(tx) => {
            let expected = made_by_migrations(newest).await?;
            let found: Vec<Object> = sqlx::query_as(OBJECTS).fetch_all(&mut **tx).await?;
            flaws.extend(compared(expected, found));
            for (what, sql) in [("damaged", "pragma quick_check(5)"), ("broken", "pragma foreign_key_check")] {
                flaws.extend(said_by_sqlite(tx, what, sql).await?);
            }
        }
        Tx::Postgres(tx) => {
            let found = Found {
                relations: sqlx::query_as(RELATIONS).fetch_all(&mut **tx).await?,
                triggers: sqlx::query_as(TRIGGERS).fetch_all(&mut **tx).await?,
                functions: sqlx::query_as(FUNCTIONS).fetch_all(&mut **tx).await?,
            };
            flaws.extend(found.compared(&Named::by_migrations(newest)));
        }
    }
    Ok(flaws)
}

fn flaw(message: String) -> Flaw {
    Flaw::new(FlawKind::SchemaDiffers, message)
}

/// Kind, name, table, and the statement that made it.
type Object = (String, String, String, Option<String>);

/// SQLite's own, and the tables below the one that is searched, are as SQLite's version makes them.
const OBJECTS: &str = "select type, name, tbl_name, sql from sqlite_master where name not like 'sqlite\\_%' escape '\\' and \
                       name not like 'deploy\\_search\\_%' escape '\\'";

/// A database of nobody, migrated so far.
async fn made_by_migrations(version: i64) -> Result<Vec<Object>, StoreError> {
    let mut memory = SqliteConnectOptions::new().in_memory(true).connect().await?;
    memory.execute(migrate::CREATE_SQLITE).await?;
    for sql in migrate::sqlite_up_to(version) {
        memory.execute(sqlx::raw_sql(sql)).await?;
    }
    let made = sqlx::query_as(OBJECTS).fetch_all(&mut memory).await?;
    memory.close().await?;
    Ok(made)
}

fn compared(expected: Vec<Object>, found: Vec<Object>) -> Vec<Flaw> {
    let by_name = |objects: Vec<Object>| {
        let object = |(kind, name, table, sql): Object| {
            let sql = sql.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ").replace('"', "");
            ((kind, name), (table, sql))
        };
        objects.into_iter().map(object).collect::<BTreeMap<_, _>>()
    };
    let (expected, found) = (by_name(expected), by_name(found));
    let mut flaws = Vec::new();
    for ((kind, name), (table, sql)) in &expected {
        match found.get(&(kind.clone(), name.clone())) {
            None => flaws.push(flaw(format!("The {kind} {name} of {table} is missing."))),
            Some((_, other)) if other != sql => {
                flaws.push(flaw(format!("The {kind} {name} of {table} is not as the migrations made it.")));
            }
            Some(_) => {}
        }
    }
    // An index or a table more does no harm; a trigger does what it likes.
    for (key @ (kind, name), (table, _)) in &found {
        if kind == "trigger" && !expected.contains_key(key) {
            flaws.push(flaw(format!("The trigger {name} of {table} was made by no migration.")));
        }
    }
    flaws
}

async fn said_by_sqlite(
    tx: &mut sqlx::Transaction<'static, sqlx::Sqlite>,
    what: &str,
    sql: &'static str,
) -> Result<Vec<Flaw>, StoreError> {
    use sqlx::Row as _;
    let rows = sqlx::query(sql).fetch_all(&mut **tx).await?;
    let mut flaws = Vec::new();
    for row in rows {
        let said: String = row.try_get(0)?;
        if said == "ok" {
            continue;
        }
        let message = match what {
            "broken" => format!("A row of {said} refers to something that is not there."),
            _ => format!("The database file is damaged: {said}."),
        };
        flaws.push(Flaw::new(FlawKind::DatabaseDamaged, message));
    }
    Ok(flaws)
}

/// What migrations name. A trigger is told by its table too.
#[derive(Debug, Default)]
struct Named {
    tables: BTreeSet<String>,
    /// To the table, and whether it is unique.
    indexes: BTreeMap<String, (String, bool)>,
    triggers: BTreeSet<(String, String)>,
    /// To the text.
    functions: BTreeMap<String, String>,
}

impl Named {
    fn by_migrations(version: i64) -> Self {
        let mut named = Self::default();
        migrate::postgres_up_to(version).for_each(|sql| named.read(sql));
        named.tables.insert("schema_version".to_owned());
        named
    }

    /// Our own migrations: a statement begins at the start of a line.
    fn read(&mut self, sql: &str) {
        let mut rest = sql;
        while let Some(line) = rest.lines().next() {
            let words: Vec<&str> = rest.split([' ', '\n', '(', ';']).filter(|w| !w.is_empty()).take(12).collect();
            let after_on = || words.iter().skip_while(|w| **w != "on").nth(1).copied().unwrap_or_default().to_owned();
            match (line.starts_with(char::is_alphabetic), words.as_slice()) {
                (true, ["create", "table", name, ..]) => {
                    self.tables.insert((*name).to_owned());
                }
                (true, ["create", "unique", "index", name, ..]) => {
                    self.indexes.insert((*name).to_owned(), (after_on(), true));
                }
                (true, ["create", "index", name, ..]) => {
                    self.indexes.insert((*name).to_owned(), (after_on(), false));
                }
                (true, ["create", "trigger", name, ..]) => {
                    self.triggers.insert((after_on(), (*name).to_owned()));
                }
                (true, ["create", "function", name, ..]) => {
                    let body = rest.split("$$").nth(1).unwrap_or_default();
                    self.functions.insert((*name).to_owned(), body.to_owned());
                }
                (true, ["drop", "table", name, ..]) => {
                    self.tables.remove(*name);
                    self.indexes.retain(|_, (table, _)| table != name);
                    self.triggers.retain(|(table, _)| table != name);
                }
                _ => {}
            }
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        }
    }
}

const RELATIONS: &str = "select c.relname::text, c.relkind::text, coalesce(r.relname::text, ''), coalesce(i.indisunique, \
                         false), coalesce(i.indisvalid, true) from pg_class c left join pg_index i on i.indexrelid = c.oid \
                         left join pg_class r on r.oid = i.indrelid where c.relkind in ('r', 'i') and c.relnamespace = \
                         current_schema()::text::regnamespace";
const TRIGGERS: &str = "select r.relname::text, t.tgname::text, t.tgenabled::text from pg_trigger t join pg_class r on r.oid \
                        = t.tgrelid where not t.tgisinternal and r.relnamespace = current_schema()::text::regnamespace";
const FUNCTIONS: &str =
    "select proname::text, prosrc from pg_proc where pronamespace = current_schema()::text::regnamespace";

struct Found {
    /// Name, kind, the table of an index, whether it is unique and valid.
    relations: Vec<(String, String, String, bool, bool)>,
    /// Table, name, and when it does its work.
    triggers: Vec<(String, String, String)>,
    functions: Vec<(String, String)>,
}

impl Found {
    fn compared(self, expected: &Named) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let tables: BTreeSet<_> = self.relations.iter().filter(|r| r.1 == "r").map(|r| &r.0).collect();
        for table in expected.tables.iter().filter(|table| !tables.contains(table)) {
            flaws.push(flaw(format!("The table {table} is missing.")));
        }
        let indexes: BTreeMap<_, _> = self.relations.iter().filter(|r| r.1 == "i").map(|r| (&r.0, r)).collect();
        for (name, (table, unique)) in &expected.indexes {
            match indexes.get(name) {
                None => flaws.push(flaw(format!("The index {name} of {table} is missing."))),
                Some((_, _, of, is, valid)) if of != table || is != unique || !valid => {
                    flaws.push(flaw(format!("The index {name} of {table} is not as the migrations made it.")));
                }
                Some(_) => {}
            }
        }
        let triggers: BTreeMap<_, _> = self.triggers.into_iter().map(|(table, name, on)| ((table, name), on)).collect();
        for key @ (table, name) in &expected.triggers {
            match triggers.get(key).map(String::as_str) {
                None => flaws.push(flaw(format!("The trigger {name} of {table} is missing."))),
                Some("O" | "A") => {}
                Some(_) => flaws.push(flaw(format!("The trigger {name} of {table} is switched off."))),
            }
        }
        for (table, name) in triggers.keys() {
            let ours = expected.tables.contains(table);
            if ours && !expected.triggers.contains(&(table.clone(), name.clone())) {
                flaws.push(flaw(format!("The trigger {name} of {table} was made by no migration.")));
            }
        }
        let functions: BTreeMap<_, _> = self.functions.into_iter().collect();
        for (name, body) in &expected.functions {
            match functions.get(name) {
                None => flaws.push(flaw(format!("The function {name} is missing."))),
                Some(other) if other != body => {
                    flaws.push(flaw(format!("The function {name} is not as the migrations made it.")));
                }
                Some(_) => {}
            }
        }
        flaws
    }
}
