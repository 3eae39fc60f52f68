//! Where the code comes from, if it comes from a git checkout: asked of the `git` program.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::process::Command;

use crate::http::api::dto::CreateGit;

/// What the checkout that `dir` lies in says of itself; `None` without `git`, outside a checkout, or if the files
/// there are not those of the commit.
pub async fn metadata(dir: &Path) -> Option<CreateGit> {
    let commit_sha = ask(dir, &["rev-parse", "HEAD"]).await?;
    let changed = ask(dir, &["status", "--porcelain", "--untracked-files=all", "--", "."]).await;
    if changed.is_some() {
        return None;
    }
    let remote = ask(dir, &["remote", "get-url", "origin"]).await.map(|url| without_credentials(&url));
    let branch = ask(dir, &["symbolic-ref", "--quiet", "--short", "HEAD"]).await;
    let author_name = ask(dir, &["log", "-1", "--format=%an"]).await;
    let commit_url = remote.as_deref().and_then(web_address).map(|web| format!("{web}/commit/{commit_sha}"));
    Some(CreateGit { commit_sha, branch, remote_url: remote, commit_url, author_name, ..CreateGit::default() })
}

/// The subject of the newest commit: what a deploy is called if nobody says otherwise.
pub async fn subject(dir: &Path) -> Option<String> {
    ask(dir, &["log", "-1", "--format=%s"]).await
}

async fn ask(dir: &Path, question: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    git.arg("-C").arg(dir).args(question).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let answer = tokio::time::timeout(Duration::from_secs(10), git.output()).await.ok()?.ok()?;
    let text = String::from_utf8(answer.stdout).ok()?.trim().to_owned();
    (answer.status.success() && !text.is_empty()).then_some(text)
}

/// CI checkouts often carry a token in the address; the history is no place for it.
fn without_credentials(url: &str) -> String {
    match (url.split_once("://"), url.split_once("://").and_then(|(_, rest)| rest.split_once('@'))) {
        (Some((scheme, _)), Some((credentials, rest))) if !credentials.contains('/') => format!("{scheme}://{rest}"),
        _ => url.to_owned(),
    }
}

/// `git@host:owner/name.git` and `https://host/owner/name.git` as `https://host/owner/name`.
fn web_address(remote: &str) -> Option<String> {
    let place = match remote.split_once("://") {
        Some(("https" | "http" | "ssh", place)) => place.to_owned(),
        Some(_) => return None,
        None => remote.strip_prefix("git@")?.replacen(':', "/", 1),
    };
    let place = place.strip_suffix(".git").unwrap_or(&place);
    (place.contains('/') && !place.starts_with('/')).then(|| format!("https://{place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_do_not_leave_the_machine() {
        assert_eq!(without_credentials("https://x:secret@h/o/n.git"), "https://h/o/n.git");
        assert_eq!(without_credentials("https://h/o/n@2.git"), "https://h/o/n@2.git");
        assert_eq!(without_credentials("git@h:o/n.git"), "git@h:o/n.git");
    }

    #[test]
    fn a_commit_has_an_address_where_the_remote_has_one() {
        let web = |remote| web_address(remote);
        assert_eq!(web("git@h:o/n.git").as_deref(), Some("https://h/o/n"));
        assert_eq!(web("https://h/o/n").as_deref(), Some("https://h/o/n"));
        assert_eq!(web("ssh://h/o/n.git").as_deref(), Some("https://h/o/n"));
        assert_eq!((web("/srv/n.git"), web("file:///srv/n.git")), (None, None));
    }

    async fn git(dir: &Path, arguments: &[&str]) {
        let name = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
        let status = Command::new("git").arg("-C").arg(dir).args(name).args(arguments).stdout(Stdio::null()).status();
        assert!(status.await.unwrap().success());
    }

    #[tokio::test]
    async fn a_checkout_tells_its_commit_unless_its_files_are_others() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(metadata(dir.path()).await, None);
        git(dir.path(), &["init", "-q", "-b", "main"]).await;
        std::fs::write(dir.path().join("a.py"), "1").unwrap();
        git(dir.path(), &["add", "."]).await;
        git(dir.path(), &["commit", "-q", "-m", "First"]).await;
        git(dir.path(), &["remote", "add", "origin", "https://x:secret@h/o/n.git"]).await;
        let known = metadata(dir.path()).await.unwrap();
        assert_eq!(known.branch.as_deref(), Some("main"));
        assert_eq!(known.remote_url.as_deref(), Some("https://h/o/n.git"));
        assert_eq!(known.commit_url, Some(format!("https://h/o/n/commit/{}", known.commit_sha)));
        assert_eq!(known.author_name.as_deref(), Some("Ada"));
        assert_eq!(subject(dir.path()).await.as_deref(), Some("First"));
        std::fs::write(dir.path().join("b.py"), "2").unwrap();
        assert_eq!(metadata(dir.path()).await, None);
    }
}
