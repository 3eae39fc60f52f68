use leptos::prelude::*;

use super::{ApiClient, Failure};
#[cfg(feature = "ssr")]
use super::{browser, own::twice, people::set_cookie, ports};

/// For whom a one-time link is: the name of the account, or `None` for the first administrator. A read, but by POST: the
/// link's secret would be in the address otherwise.
#[server(prefix = "/ui", endpoint = "link", client = ApiClient)]
pub async fn get_link(token: Option<String>) -> Result<Option<String>, Failure> {
    Ok(ports().access.link(&token.unwrap_or_default()).await?)
}

/// Sets the password of a link's account, or makes the first administrator; and signs in.
#[server(prefix = "/ui", endpoint = "use-link", client = ApiClient)]
pub async fn use_link(
    token: Option<String>,
    login: Option<String>,
    name: Option<String>,
    password: Option<String>,
    password_again: Option<String>,
) -> Result<(), Failure> {
    let text = Option::unwrap_or_default;
    let password = twice("password_again", password, password_again)?;
    let cookie = ports().access.use_link(&text(token), &text(login), &text(name), &password, &browser()).await?;
    set_cookie(&cookie);
    leptos_axum::redirect("/");
    Ok(())
}
