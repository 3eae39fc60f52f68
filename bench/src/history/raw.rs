//! The limit: fifty rows by the primary key, read with SQLite itself and nothing around it.

use anyhow::Context as _;
use backstep_domain::{Deploy, DeploymentId};
use rusqlite::{Connection, OpenFlags, types::ValueRef};

use super::load::Loaded;

const PAGE: &str = "select * from deploy_states where deployment_id = ?1 and number < ?2 order by number desc limit ?3";

/// A connection of its own to the same file.
pub struct Raw {
    db: Connection,
}

impl Raw {
    pub fn open(loaded: &Loaded) -> anyhow::Result<Self> {
        let db = Connection::open_with_flags(&loaded.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(Self { db })
    }

    /// Reads a page and touches every byte of it; answers how many.
    pub fn page(&self, id: &DeploymentId, before: u32, limit: u32) -> anyhow::Result<usize> {
        let mut statement = self.db.prepare_cached(PAGE)?;
        let columns = statement.column_count();
        let mut rows = statement.query((id.as_str(), before, limit))?;
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                bytes += match row.get_ref(column)? {
                    ValueRef::Text(text) | ValueRef::Blob(text) => std::hint::black_box(text.to_vec()).len(),
                    _ => 8,
                };
            }
        }
        Ok(bytes)
    }

    /// Number, status and description of a page, to compare it with ours.
    pub fn rows(&self, id: &DeploymentId, before: u32, limit: u32) -> anyhow::Result<Vec<(u32, String, String)>> {
        let mut statement = self.db.prepare(PAGE)?;
        let rows = statement.query_map((id.as_str(), before, limit), |row| {
            Ok((row.get("number")?, row.get("status")?, row.get("description")?))
        })?;
        rows.collect::<Result<_, _>>().context("the raw page")
    }
}

/// The same three of what the store answered.
pub fn as_raw(deploys: &[Deploy]) -> Vec<(u32, String, String)> {
    deploys.iter().map(|d| (d.number.get(), d.status.to_string(), d.description.clone())).collect()
}
