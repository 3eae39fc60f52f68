use leptos::prelude::*;
use server_fn::ServerFn;

use crate::{
    api::{
        CancelDeploy, ChangePassword, CreateServiceAccount, CreateTeam, EndSession, GiveRole, Invite, KeptForm,
        MakeToken, ReleaseHold, RemoveTeam, ResetPassword, RevokeToken, RotateToken, SetAccountDisabled, SetTeamMember,
        TakeRole,
    },
    words::shown,
};

/// What was to be done with a form of these pages.
fn to_do(path: &str) -> &'static str {
    match path {
        Invite::PATH => "Nobody was invited",
        ResetPassword::PATH => "No link was made",
        SetAccountDisabled::PATH => "The account is as it was",
        CreateServiceAccount::PATH => "No service account was created",
        CreateTeam::PATH => "No team was created",
        RemoveTeam::PATH => "The team is still there",
        SetTeamMember::PATH => "The team is as it was",
        GiveRole::PATH => "No role was given",
        TakeRole::PATH => "No role was taken away",
        MakeToken::PATH => "No token was made",
        RotateToken::PATH => "No new token was made",
        RevokeToken::PATH => "The token was not revoked",
        EndSession::PATH => "The session was not ended",
        ChangePassword::PATH => "The password is as it was",
        ReleaseHold::PATH => "The hold was not released",
        CancelDeploy::PATH => "Nothing was cancelled",
        _ => "Nothing was done",
    }
}

/// That a form was refused, and why: on top of the page, where it is seen whatever form it was.
#[component]
pub fn Refused(kept: Option<KeptForm>) -> impl IntoView {
    let kept = kept?;
    Some(
        view! {
            <div class="problem" role="alert">
                <p><b>{to_do(&kept.action)} ". "</b> {shown(&kept.problem.message)}</p>
            </div>
        }
        .into_any(),
    )
}

/// The refused form, if it was this one.
pub fn kept_of(kept: Option<&KeptForm>, path: &str) -> Option<KeptForm> {
    kept.filter(|form| form.action == path).cloned()
}

/// What was typed into a field of it.
pub fn typed(kept: Option<&KeptForm>, field: &str) -> String {
    kept.and_then(|form| form.field(field)).unwrap_or_default().to_owned()
}
