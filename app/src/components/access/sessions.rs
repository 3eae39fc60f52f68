use backstep_domain::SessionView;
use leptos::prelude::*;
use server_fn::ServerFn;

use super::PostForm;
use crate::{
    api::EndSession,
    components::When,
    words::{browser_words, shown},
};

/// Where a person is signed in.
#[component]
pub fn SessionTable(sessions: Vec<SessionView>) -> impl IntoView {
    if sessions.is_empty() {
        return view! { <p class="muted">"There is no session: this page is shown without signing in."</p> }.into_any();
    }
    let rows = sessions.into_iter().map(row).collect_view();
    view! {
        <table class="grid grid--access">
            <thead>
                <tr>
                    <th scope="col">"Browser"</th>
                    <th scope="col">"From"</th>
                    <th scope="col">"Started"</th>
                    <th scope="col">"Last seen"</th>
                    <th scope="col">"Ends at the latest"</th>
                    <th scope="col"><span class="unseen">"Change"</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(session: SessionView) -> AnyView {
    let browser = browser_words(&session.agent);
    let action = if session.current {
        view! { <b>"This one"</b> }.into_any()
    } else {
        let label = format!("End the session of {browser}");
        view! {
            <PostForm path=EndSession::PATH class="row">
                <input type="hidden" name="session" value=session.id.to_string()/>
                <button type="submit" class="button button--small" aria-label=label>"End"</button>
            </PostForm>
        }
        .into_any()
    };
    view! {
        <tr>
            <th scope="row" data-label="Browser" title=shown(&session.agent)>{browser}</th>
            <td data-label="From">{shown(&session.address)}</td>
            <td data-label="Started"><When at=session.created_at/></td>
            <td data-label="Last seen"><When at=session.seen_at/></td>
            <td data-label="Ends at the latest"><When at=session.until/></td>
            <td class="action">{action}</td>
        </tr>
    }
    .into_any()
}
