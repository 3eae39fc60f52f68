use async_trait::async_trait;
use backstep_domain::Principal;

use crate::api::KeptForm;

/// Forms that were sent without script and refused: kept for ten minutes, so that nothing typed is lost.
#[async_trait]
pub trait FormsPort: Send + Sync {
    /// `None` if it is unknown, too old, or somebody else's.
    async fn kept_form(&self, who: Option<&Principal>, id: &str) -> Option<KeptForm>;
}
