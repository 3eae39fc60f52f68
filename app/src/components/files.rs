use backstep_domain::{DeployNumber, DeploymentId, DiffLine, DiffTag, FileChange, FileChangeKind, FileDiff};
use leptos::{ev, html, prelude::*};

use super::{ProblemNote, compare_href};
use crate::{
    api::{Failure, get_file_diff},
    words::{shown, size},
};

/// The DAG files that differ between two deploys; the lines of one are fetched when it is opened.
#[component]
pub fn FileChanges(
    deployment: DeploymentId,
    from: DeployNumber,
    to: DeployNumber,
    files: Vec<FileChange>,
    /// The one that the address asks for: without script that is how a file is opened.
    #[prop(optional_no_strip)]
    open: Option<FileDiff>,
    /// Where a file can be opened without script, with everything but `file=`. Left out: the page that compares the two.
    #[prop(optional, into)]
    page: Option<String>,
) -> impl IntoView {
    let page = page.unwrap_or_else(|| compare_href(&deployment, from, to));
    let count = |kind| files.iter().filter(|file| file.kind == kind).count();
    let summary = [
        (count(FileChangeKind::Added), "added"),
        (count(FileChangeKind::Removed), "removed"),
        (count(FileChangeKind::Changed), "changed"),
    ];
    let summary: Vec<_> = summary.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let rows = files
        .into_iter()
        .map(|file| {
            let diff = open.clone().filter(|diff| diff.path == file.path);
            let link = format!("{page}{}file={}", if page.contains('?') { '&' } else { '?' }, in_query(&file.path));
            view! { <OneFile deployment=deployment.clone() from=from to=to file=file open=diff link=link/> }
        })
        .collect_view();
    view! {
        <div class="files">
            <p class="files__sum">{summary.join(", ")}</p>
            <ul class="files__list">{rows}</ul>
        </div>
    }
}

#[component]
fn OneFile(
    deployment: DeploymentId,
    from: DeployNumber,
    to: DeployNumber,
    file: FileChange,
    open: Option<FileDiff>,
    link: String,
) -> impl IntoView {
    let (class, sign, word) = match file.kind {
        FileChangeKind::Added => ("file file--added", "+", "added"),
        FileChangeKind::Removed => ("file file--removed", "−", "removed"),
        FileChangeKind::Changed => ("file file--changed", "±", "changed"),
    };
    let sizes = match (file.old_size, file.new_size) {
        (Some(old), Some(new)) if old != new => format!("{} → {}", size(old), size(new)),
        (_, Some(one)) | (Some(one), None) => size(one),
        (None, None) => String::new(),
    };
    let is_open = open.is_some();
    let answer = RwSignal::new(open.map(Ok));
    let path = file.path.clone();
    let fetch = Action::new(move |(): &()| {
        let (deployment, path) = (deployment.clone(), path.clone());
        async move { answer.set(Some(get_file_diff(deployment, from, to, path).await)) }
    });
    let details = NodeRef::<html::Details>::new();
    let toggled = move |_: ev::Event| {
        let opened = details.get_untracked().is_some_and(|element| is_shown_open(&element));
        if opened && !matches!(answer.get_untracked(), Some(Ok(_))) && !fetch.pending().get_untracked() {
            fetch.dispatch(());
        }
    };
    let body = move || match answer.get() {
        Some(Ok(diff)) => view! { <Lines diff=diff/> }.into_any(),
        Some(Err(Failure(problem))) => view! { <ProblemNote problem=problem/> }.into_any(),
        None if fetch.pending().get() => view! { <p class="muted file__wait">"Loading the lines…"</p> }.into_any(),
        // What is read without script. `external`: the whole page, whatever router there is.
        None => view! { <p class="file__wait"><a href=link.clone() rel="external">"Show the lines"</a></p> }.into_any(),
    };
    view! {
        <li class=class>
            <details node_ref=details open=is_open on:toggle=toggled>
                <summary>
                    <span class="file__sign" aria-hidden="true">{sign}</span>
                    <code class="file__path">{shown(&file.path)}</code>
                    <span class="file__kind">{word}</span>
                    <span class="file__size">{sizes}</span>
                </summary>
                {body}
            </details>
        </li>
    }
}

#[component]
fn Lines(diff: FileDiff) -> impl IntoView {
    if let Some(why) = diff.unshown {
        return view! { <p class="muted file__wait">{shown(&why)}</p> }.into_any();
    }
    let hunks = diff
        .hunks
        .into_iter()
        .map(|hunk| {
            let lines = hunk.into_iter().map(|line| view! { <Line line=line/> }).collect_view();
            view! { <tbody>{lines}</tbody> }
        })
        .collect_view();
    view! {
        <div class="diff" tabindex="0" role="region" aria-label=format!("Lines of {}", shown(&diff.path))>
            <table>
                <thead class="unseen">
                    <tr><th scope="col">"Before"</th><th scope="col">"After"</th><th scope="col">"Line"</th></tr>
                </thead>
                {hunks}
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Line(line: DiffLine) -> impl IntoView {
    let (class, sign, word) = match line.tag {
        DiffTag::Same => ("diff__same", " ", ""),
        DiffTag::Added => ("diff__added", "+", "added: "),
        DiffTag::Removed => ("diff__removed", "−", "removed: "),
    };
    let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
    let text = shown(line.text.trim_end_matches(['\n', '\r']));
    view! {
        <tr class=class>
            <td class="diff__number">{number(line.old)}</td>
            <td class="diff__number">{number(line.new)}</td>
            <td class="diff__text">
                <span class="diff__sign" aria-hidden="true">{sign}</span>
                <span class="unseen">{word}</span>
                <code>{text}</code>
            </td>
        </tr>
    }
}

#[cfg(target_arch = "wasm32")]
fn is_shown_open(details: &web_sys::HtmlDetailsElement) -> bool {
    details.open()
}

#[cfg(not(target_arch = "wasm32"))]
fn is_shown_open<T>(_: &T) -> bool {
    false
}

/// A path as it stands in a query.
fn in_query(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_survive_the_address() {
        assert_eq!(in_query("dags/billing.py"), "dags/billing.py");
        assert_eq!(in_query("a b&c=d#e%+é"), "a%20b%26c%3Dd%23e%25%2B%C3%A9");
    }
}
