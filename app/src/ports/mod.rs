//! What the server functions call: one small trait an area. The server implements them with its use cases, and the
//! method names are the names of those use cases.

mod access;
mod audit;
mod forms;
mod history;
mod people;
mod rollbacks;
mod settings;

use std::sync::Arc;

pub use access::*;
pub use audit::*;
pub use forms::*;
pub use history::*;
pub use people::*;
pub use rollbacks::*;
pub use settings::*;

/// The server's side of the interface, provided as a Leptos context to every page and server function.
#[derive(Clone)]
pub struct Ports {
    pub history: Arc<dyn HistoryPort>,
    pub rollbacks: Arc<dyn RollbacksPort>,
    pub settings: Arc<dyn SettingsPort>,
    pub people: Arc<dyn PeoplePort>,
    pub access: Arc<dyn AccessPort>,
    pub audit: Arc<dyn AuditPort>,
    pub forms: Arc<dyn FormsPort>,
}
