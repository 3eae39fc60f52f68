//! The document, and which page is where.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::{
    now::provide_now,
    pages::{
        ComparePage, DeployPage, DeploymentPage, DeploymentsPage, Frame, HistoryPage, RollbackPage, SettingsPage,
        provide_me,
    },
};

/// The whole document, as the server writes it. Wants `Assets` and `RequestTime` as contexts.
#[cfg(feature = "ssr")]
pub fn shell() -> impl IntoView {
    use leptos::nonce::use_nonce;
    use leptos_meta::MetaTags;

    let assets = expect_context::<crate::assets::Assets>();
    // Where the page is, if it answers a form: `document.js` makes that its address.
    let at = use_context::<crate::api::ShownOnce>().map(|shown| shown.at);
    let live = at.is_none() && use_context::<http::request::Parts>().is_some_and(|parts| is_live(parts.uri.path()));
    let wasm = live.then(|| {
        view! { <link rel="preload" r#as="fetch" r#type="application/wasm" crossorigin="anonymous" href=assets.wasm/> }
    });
    let script = if live { assets.start } else { assets.document };
    view! {
        <!DOCTYPE html>
        <html lang="en" data-at=at>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" type="image/svg+xml" href="/favicon.svg"/>
                <link rel="stylesheet" href=assets.css/>
                <link rel="modulepreload" href=script.clone()/>
                {wasm}
                <script type="module" src=script nonce=use_nonce()></script>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The same on both sides of hydration. Every page is sent complete: it reads and acts without script.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_now();
    provide_me();
    view! {
        <Title formatter=title/>
        <Router>
            {pages()}
        </Router>
    }
}

/// The pages that live on in the browser, and then others.
macro_rules! pages {
    ($($others:tt)*) => {
        view! {
            <FlatRoutes fallback=Elsewhere>
                <Route path=path!("/") view=|| view! { <Frame><DeploymentsPage/></Frame> } ssr=SsrMode::Async/>
                <Route
                    path=path!("/deployments/:id")
                    view=|| view! { <Frame><DeploymentPage/></Frame> }
                    ssr=SsrMode::Async
                />
                <Route
                    path=path!("/deployments/:id/history")
                    view=|| view! { <Frame><HistoryPage/></Frame> }
                    ssr=SsrMode::Async
                />
                <Route
                    path=path!("/deployments/:id/deploys/:number")
                    view=|| view! { <Frame><DeployPage/></Frame> }
                    ssr=SsrMode::Async
                />
                <Route
                    path=path!("/deployments/:id/compare")
                    view=|| view! { <Frame><ComparePage/></Frame> }
                    ssr=SsrMode::Async
                />
                <Route
                    path=path!("/deployments/:id/rollback")
                    view=|| view! { <Frame><RollbackPage/></Frame> }
                    ssr=SsrMode::Async
                />
                <Route
                    path=path!("/deployments/:id/settings")
                    view=|| view! { <Frame><SettingsPage/></Frame> }
                    ssr=SsrMode::Async
                />
                $($others)*
            </FlatRoutes>
        }
    };
}

/// What a browser with script goes on with from page to page: what is looked at while something is wrong. `is_live` knows
/// the same paths.
#[cfg(not(feature = "ssr"))]
fn pages() -> impl IntoView {
    pages!()
}

/// All pages. Those below are documents of plain links and forms: what is seldom used, and by few, adds nothing to what
/// every browser downloads.
#[cfg(feature = "ssr")]
fn pages() -> impl IntoView {
    use crate::pages::{
        AuditPage, CancelPage, DeploymentAccessPage, ExportPage, HoldPage, MePage, PeoplePage, RolesPage,
        ServiceAccountsPage, SetUpPage, SignInPage, TeamsPage, TokensPage, WorkspaceAccessPage,
    };

    pages! {
        <Route path=path!("/sign-in") view=|| view! { <Frame><SignInPage/></Frame> } ssr=SsrMode::Async/>
        <Route path=path!("/set-up") view=|| view! { <Frame><SetUpPage/></Frame> } ssr=SsrMode::Async/>
        <Route path=path!("/me") view=|| view! { <Frame><MePage/></Frame> } ssr=SsrMode::Async/>
        <Route path=path!("/audit") view=|| view! { <Frame><AuditPage/></Frame> } ssr=SsrMode::Async/>
        <Route path=path!("/export") view=|| view! { <Frame><ExportPage/></Frame> } ssr=SsrMode::Async/>
        <Route path=path!("/access") view=|| view! { <Frame><PeoplePage/></Frame> } ssr=SsrMode::Async/>
        <Route
            path=path!("/access/teams")
            view=|| view! { <Frame><TeamsPage/></Frame> }
            ssr=SsrMode::Async
        />
        <Route
            path=path!("/access/roles")
            view=|| view! { <Frame><RolesPage/></Frame> }
            ssr=SsrMode::Async
        />
        <Route
            path=path!("/access/service-accounts")
            view=|| view! { <Frame><ServiceAccountsPage/></Frame> }
            ssr=SsrMode::Async
        />
        <Route
            path=path!("/deployments/:id/deploys/:number/cancel")
            view=|| view! { <Frame><CancelPage/></Frame> }
            ssr=SsrMode::Async
        />
        <Route
            path=path!("/deployments/:id/hold")
            view=|| view! { <Frame><HoldPage/></Frame> }
            ssr=SsrMode::Async
        />
        <Route
            path=path!("/deployments/:id/access")
            view=|| view! { <Frame><DeploymentAccessPage/></Frame> }
            ssr=SsrMode::Async
        />
        <Route
            path=path!("/workspaces/:id/access")
            view=|| view! { <Frame><WorkspaceAccessPage/></Frame> }
            ssr=SsrMode::Async
        />
        <Route
            path=path!("/accounts/:id/tokens")
            view=|| view! { <Frame><TokensPage/></Frame> }
            ssr=SsrMode::Async
        />
    }
}

/// Whether the page at a path lives on in the browser.
#[cfg(feature = "ssr")]
fn is_live(path: &str) -> bool {
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    matches!(
        parts[..],
        [] | ["deployments", _]
            | ["deployments", _, "history" | "compare" | "rollback" | "settings"]
            | ["deployments", _, "deploys", _]
    )
}

/// An address that no page has.
#[cfg(feature = "ssr")]
#[component]
fn Elsewhere() -> impl IntoView {
    view! { <Frame><crate::pages::NotFoundPage/></Frame> }
}

/// An address that this document has no page for: the server is asked.
#[cfg(not(feature = "ssr"))]
#[component]
fn Elsewhere() -> impl IntoView {
    let to = leptos_router::hooks::use_location();
    let address = format!("{}{}", to.pathname.get_untracked(), to.search.get_untracked());
    // It fails only where the page is already being left.
    let _ = window().location().assign(&address);
    view! { <Frame><crate::pages::Loading/></Frame> }
}

/// A page's title with the product's name.
///
/// leptos_meta 0.8 writes it into the server's HTML as it is, so names that somebody chose are escaped here. In the browser
/// it is text: there nothing is.
fn title(page: String) -> String {
    let title = if page.is_empty() { "Backstep".to_owned() } else { format!("{page} · Backstep") };
    if cfg!(feature = "ssr") { title.replace('&', "&amp;").replace('<', "&lt;") } else { title }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_in_an_emergency_is_live() {
        for path in
            ["/", "/deployments/1", "/deployments/1/history", "/deployments/1/deploys/2", "/deployments/1/rollback"]
        {
            assert!(is_live(path), "{path}");
        }
        for path in [
            "/access",
            "/audit",
            "/me",
            "/sign-in",
            "/deployments/1/access",
            "/deployments/1/deploys/2/cancel",
            "/nowhere",
        ] {
            assert!(!is_live(path), "{path}");
        }
    }
}
