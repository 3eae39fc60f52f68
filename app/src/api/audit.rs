use backstep_domain::{AuditFilter, AuditPage, AuditPlaces, ExportStatus};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;

use super::{ApiClient, Failure};
#[cfg(feature = "ssr")]
use super::{caller, ports};

/// A page of the audit log, with the parts of it that the caller may read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditView {
    pub places: AuditPlaces,
    /// `None`: the whole log was asked for by somebody who may read parts of it; one of them is to be chosen.
    pub page: Option<AuditPage>,
}

#[server(prefix = "/ui", endpoint = "audit", input = GetUrl, client = ApiClient)]
pub async fn get_audit(#[server(default)] filter: AuditFilter, before: Option<u64>) -> Result<AuditView, Failure> {
    Ok(ports().audit.audit(&caller()?, &filter, before).await?)
}

#[server(prefix = "/ui", endpoint = "export", input = GetUrl, client = ApiClient)]
pub async fn get_export() -> Result<ExportStatus, Failure> {
    Ok(ports().audit.export_status(&caller()?).await?)
}
