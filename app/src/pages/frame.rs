use leptos::{html, prelude::*};

use crate::{
    api::{Failure, Me, who_am_i},
    components::{SiteHeader, SiteNav, WhoIsThere, href},
    words::shown,
};

#[derive(Clone, Copy)]
struct WhoLooks(OnceResource<Result<Me, Failure>>);

/// Asks once a document who looks at it. Signing in and changing the person load a new document.
pub fn provide_me() {
    provide_context(WhoLooks(OnceResource::new(who_am_i())));
    provide_context(Moved(StoredValue::new(false)));
}

/// Who looks at the document, for pages that show only what the visitor may.
pub fn who_looks() -> OnceResource<Result<Me, Failure>> {
    expect_context::<WhoLooks>().0
}

/// Whether a page was shown in this document before.
#[derive(Clone, Copy)]
struct Moved(StoredValue<bool>);

/// After a change of page with script the focus is on the new page, as it would be without script.
fn take_focus(main: NodeRef<html::Main>) {
    let moved = expect_context::<Moved>().0;
    Effect::new(move |_| {
        if let Some(main) = main.get()
            && moved.try_update_value(|moved| std::mem::replace(moved, true)) == Some(true)
        {
            // It fails only where the page is already gone again.
            let _ = main.focus();
        }
    });
}

/// What is around every page: skip link, header, the place for the page, footer.
#[component]
pub fn Frame(children: Children) -> impl IntoView {
    let me = who_looks();
    let main = NodeRef::new();
    take_focus(main);
    view! {
        // For the browser, not the router: the focus has to move too.
        <a class="skip" href="#main" rel="external">"Skip to the content"</a>
        <SiteHeader>
            <Suspense fallback=|| view! { <p class="who"></p> }>
                {move || Suspend::new(async move {
                    let me = me.await.unwrap_or_default();
                    view! {
                        <SiteNav me=me.clone()/>
                        <WhoIsThere me=me/>
                    }
                })}
            </Suspense>
        </SiteHeader>
        <main id="main" tabindex="-1" node_ref=main>{children()}</main>
        <footer class="foot"><p>"Backstep: deploy history and rollback for Airflow"</p></footer>
    }
    .into_any()
}

/// Where the page is: the steps above it, from the list of Deployments down.
#[component]
pub fn Crumbs(
    /// Text and path of each step; the last is the page itself.
    #[prop(into)]
    above: Vec<(String, String)>,
    #[prop(into)] here: String,
) -> impl IntoView {
    let above = above.into_iter().map(|(text, path)| view! { <li><a href=path>{shown(&text)}</a></li> }).collect_view();
    view! {
        <nav class="crumbs" aria-label="Place">
            <ol>
                <li><a href=href("/")>"Deployments"</a></li>
                {above}
                <li aria-current="page">{shown(&here)}</li>
            </ol>
        </nav>
    }
    .into_any()
}
