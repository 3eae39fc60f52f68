use async_trait::async_trait;
use backstep_domain::{AuditFilter, ExportStatus, Principal, Problem};

use crate::api::AuditView;

/// Who did what, when, from where.
#[async_trait]
pub trait AuditPort: Send + Sync {
    /// Fifty entries with an id below `before`, newest first, of the part that the caller may read.
    async fn audit(&self, who: &Principal, filter: &AuditFilter, before: Option<u64>) -> Result<AuditView, Problem>;
    /// How the export of log lines stands.
    async fn export_status(&self, who: &Principal) -> Result<ExportStatus, Problem>;
}
