use backstep_app::api::RoleView;
use backstep_domain::Role;

use super::UseCases;

impl UseCases {
    /// Every role, with what it brings. Whoever is signed in may know what a role would let them do.
    pub fn role_contents(&self) -> Vec<RoleView> {
        let view = |role: &Role| RoleView { role: role.clone(), brings: self.roles.permissions(&role.id) };
        self.roles.iter().map(view).collect()
    }
}
