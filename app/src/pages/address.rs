//! What a page reads from its address.

use backstep_domain::{DeployNumber, DeploymentId};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::api::{KeptForm, recall_form};

/// The Deployment of the address.
pub fn deployment_in_path() -> Memo<DeploymentId> {
    let params = use_params_map();
    Memo::new(move |_| DeploymentId::new(params.read().get("id").unwrap_or_default()))
}

/// The deploy of the address; `None` if that is no number.
pub fn deploy_in_path() -> Memo<Option<DeployNumber>> {
    let params = use_params_map();
    Memo::new(move |_| params.read().get("number").and_then(|text| text.parse().ok()))
}

/// A deploy number in the query, `?to=52`.
pub fn deploy_in_query(name: &'static str) -> Memo<Option<DeployNumber>> {
    let query = use_query_map();
    Memo::new(move |_| query.read().get(name).and_then(|text| text.parse().ok()))
}

/// The id of a form that was sent without script and refused, `?form=...`.
pub fn refused_form() -> Memo<Option<String>> {
    let query = use_query_map();
    Memo::new(move |_| query.read().get("form"))
}

/// What was typed into that form, and why it was refused. Too old or unknown: nothing.
pub async fn recalled(form: Option<String>) -> Option<KeptForm> {
    recall_form(form?).await.ok().flatten()
}
