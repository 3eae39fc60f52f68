use backstep_domain::{ExportStatus, Permission, Principal, Problem};

use super::{UseCases, access::of};

impl UseCases {
    /// How the export of log lines stands. The lines tell of every Deployment, so it takes a right on the whole installation.
    pub async fn export_status(&self, who: &Principal) -> Result<ExportStatus, Problem> {
        self.demand_anywhere(who, Permission::SystemIamUpdate, "see how the export stands").await?;
        self.store.export_status(self.clock.now()).await.map_err(of("export"))
    }
}
