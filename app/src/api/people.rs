use backstep_domain::{Author, PermissionSet, Problem};
#[cfg(feature = "ssr")]
use backstep_domain::{Permission, Principal};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;

use super::{ApiClient, Failure, Lean};
#[cfg(feature = "ssr")]
use super::{Visitor, browser, caller, ports};

/// Who looks at the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// `None`: not signed in.
    pub author: Option<Author>,
    /// The people to choose from in the demo, as (id, name); `None` outside it.
    pub demo_people: Option<Vec<(String, String)>>,
    /// What this visitor may do everywhere: which parts of the menu are shown.
    pub permissions: PermissionSet,
    /// Whether there is a part of the audit log that this visitor may read.
    pub reads_audit: bool,
    /// The operator's token signs in too.
    pub token_sign_in: bool,
    /// The name of the provider that people can sign in with.
    pub provider: Option<String>,
}

/// How somebody signs in.
#[derive(Clone, PartialEq, Eq)]
pub enum SignIn {
    Password {
        login: String,
        password: String,
    },
    /// The operator's token.
    Token(String),
    DemoPerson(String),
}

/// What a browser is told after signing out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOut {
    /// The `Set-Cookie` header that makes it forget the session.
    pub cookie: String,
    /// Where to go on to: the sign-in page, or the provider, to sign out there too.
    pub to: String,
}

/// A form that was sent without script and refused, with everything that was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptForm {
    /// The endpoint's path, `/ui/roll-back`.
    pub action: String,
    pub fields: Vec<(String, String)>,
    pub problem: Problem,
}

impl KeptForm {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

#[server(prefix = "/ui", endpoint = "me", protocol = Lean<GetUrl>, client = ApiClient)]
pub async fn who_am_i() -> Result<Me, Failure> {
    let principal = use_context::<Visitor>().and_then(|v| v.0);
    let everywhere = |p: &Principal| Permission::ALL.iter().copied().filter(|permission| p.may(*permission)).collect();
    let people = ports().people;
    Ok(Me {
        permissions: principal.as_ref().map(everywhere).unwrap_or_default(),
        reads_audit: principal.as_ref().is_some_and(Principal::reads_audit),
        author: principal.map(|p| p.author),
        demo_people: people.demo_people(),
        token_sign_in: people.token_sign_in(),
        provider: people.provider(),
    })
}

#[server(prefix = "/ui", endpoint = "kept-form", protocol = Lean<GetUrl>, client = ApiClient)]
pub async fn recall_form(form: String) -> Result<Option<KeptForm>, Failure> {
    let who = use_context::<Visitor>().and_then(|visitor| visitor.0);
    Ok(ports().forms.kept_form(who.as_ref(), &form).await)
}

#[server(prefix = "/ui", endpoint = "sign-in", client = ApiClient)]
pub async fn sign_in_with_password(login: Option<String>, password: Option<String>) -> Result<(), Failure> {
    let (login, password) = (login.unwrap_or_default(), password.unwrap_or_default());
    start_session(SignIn::Password { login, password }).await?;
    leptos_axum::redirect("/");
    Ok(())
}

#[server(prefix = "/ui", endpoint = "sign-in-with-token", client = ApiClient)]
pub async fn sign_in_with_token(token: Option<String>) -> Result<(), Failure> {
    start_session(SignIn::Token(token.unwrap_or_default())).await?;
    leptos_axum::redirect("/");
    Ok(())
}

/// Ends the session of this browser.
#[server(prefix = "/ui", endpoint = "sign-out", client = ApiClient)]
pub async fn sign_out() -> Result<(), Failure> {
    let SignedOut { cookie, to } = ports().people.sign_out(&caller()?, &browser()).await?;
    set_cookie(&cookie);
    leptos_axum::redirect(&to);
    Ok(())
}

#[server(prefix = "/ui", endpoint = "choose-person", client = ApiClient)]
pub async fn choose_person(person: String) -> Result<(), Failure> {
    start_session(SignIn::DemoPerson(person)).await
}

#[cfg(feature = "ssr")]
async fn start_session(how: SignIn) -> Result<(), Failure> {
    let cookie = ports().people.sign_in(how, &browser()).await?;
    set_cookie(&cookie);
    Ok(())
}

#[cfg(feature = "ssr")]
pub(super) fn set_cookie(cookie: &str) {
    let cookie = http::HeaderValue::from_str(cookie).expect("a session cookie is plain ASCII");
    expect_context::<leptos_axum::ResponseOptions>().append_header(http::header::SET_COOKIE, cookie);
}
