//! What tests do past the repositories: as somebody with a database client would.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, query_scalar, raw_sql};

use crate::store::{Store, pool::Pool};

impl Store {
    /// Runs any statement; answers how many rows it changed.
    pub async fn execute(&self, sql: &str) -> Result<u64, sqlx::Error> {
        let sql = raw_sql(AssertSqlSafe(sql.to_owned()));
        Ok(match &self.pool {
            Pool::Sqlite { write, .. } => sql.execute(write).await?.rows_affected(),
            Pool::Postgres(pool) => sql.execute(pool).await?.rows_affected(),
        })
    }

    /// One column of text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.pool {
            Pool::Sqlite { read, .. } => query_scalar(sql).fetch_all(read).await.unwrap(),
            Pool::Postgres(pool) => query_scalar(sql).fetch_all(pool).await.unwrap(),
        }
    }

    /// One number.
    pub async fn integer(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.pool {
            Pool::Sqlite { read, .. } => query_scalar(sql).fetch_one(read).await.unwrap(),
            Pool::Postgres(pool) => query_scalar(sql).fetch_one(pool).await.unwrap(),
        }
    }

    pub async fn tables(&self) -> Vec<String> {
        self.texts(match self.pool {
            // Where texts are searched for is a table of SQLite's own kind, with tables of its own below it.
            Pool::Sqlite { .. } => {
                "select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\' and \
                 name not like 'deploy\\_search%' escape '\\' order by name"
            }
            Pool::Postgres(_) => "select tablename::text from pg_tables where schemaname = current_schema() order by 1",
        })
        .await
    }

    /// Every row of every table, to show that nothing was written.
    pub async fn contents(&self) -> BTreeMap<String, Vec<String>> {
        let mut contents = BTreeMap::new();
        for table in self.tables().await {
            let row = match self.pool {
                Pool::Sqlite { .. } => {
                    let columns = format!("select 'quote(' || name || ')' from pragma_table_info('{table}')");
                    self.texts(&columns).await.join(" || ', ' || ")
                }
                Pool::Postgres(_) => format!("{table}::text"),
            };
            let rows = self.texts(&format!("select {row} from {table} order by 1")).await;
            contents.insert(table, rows);
        }
        contents
    }

    /// The triggers of a table.
    pub async fn triggers(&self, table: &str) -> Vec<String> {
        self.texts(&match self.pool {
            Pool::Sqlite { .. } => {
                format!("select name from sqlite_master where type = 'trigger' and tbl_name = '{table}'")
            }
            Pool::Postgres(_) => {
                format!("select tgname::text from pg_trigger where tgrelid = '{table}'::regclass and not tgisinternal")
            }
        })
        .await
    }

    pub async fn drop_triggers(&self, table: &str) {
        for trigger in self.triggers(table).await {
            let sql = match self.pool {
                Pool::Sqlite { .. } => format!("drop trigger {trigger}"),
                Pool::Postgres(_) => format!("drop trigger {trigger} on {table}"),
            };
            self.execute(&sql).await.unwrap();
        }
    }
}
