use backstep_domain::{DeployNumber, DiffTag, FileChangeKind};
use clap::Args;

use super::{
    Exit, Failure,
    api::{At, print_json, print_text},
    table::{plain, short_digests},
};
use crate::http::api::dto::{DeployDiff, FieldChange, FileChange, FileDiff};

/// Compare two deploys, or one file of their DAG bundles.
#[derive(Debug, Args)]
pub struct Diff {
    /// The number of the deploy before.
    from: DeployNumber,
    /// The number of the deploy after.
    to: DeployNumber,
    /// A file of the DAG bundle: its lines instead.
    path: Option<String>,
    #[command(flatten)]
    pub(super) at: At,
}

impl Diff {
    pub async fn run(self) -> Result<Exit, Failure> {
        let (api, deployment) = self.at.connect().await?;
        let path = format!("deployments/{}/deploys/diff", deployment.id);
        let mut query = vec![("from", self.from.get().to_string()), ("to", self.to.get().to_string())];
        let text = match &self.path {
            Some(file) => {
                query.push(("path", file.clone()));
                let diff: FileDiff = api.get(&path, &query).await?;
                if self.at.server.json {
                    print_json(&diff);
                    return Ok(Exit::Done);
                }
                file_text(&diff)
            }
            None => {
                let diff: DeployDiff = api.get(&path, &query).await?;
                if self.at.server.json {
                    print_json(&diff);
                    return Ok(Exit::Done);
                }
                text(&diff)
            }
        };
        print_text(&text);
        Ok(Exit::Done)
    }
}

/// `Image: a -> b`, one line a change.
pub fn change_text(change: &FieldChange) -> String {
    let label = match change.field.as_str() {
        "image" => "Image",
        "astroRuntimeVersion" => "Runtime",
        "airflowVersion" => "Airflow",
        "dagTarballVersion" => "DAG bundle",
        "mechanism" => "Mechanism",
        "commitSha" => "Commit",
        other => other,
    };
    let value = |value: &Option<String>| value.as_deref().map_or("none".to_owned(), |v| short_digests(&plain(v)));
    format!("{label}: {} -> {}", value(&change.old), value(&change.new))
}

/// `+ a.py`, `- b.py`, `~ c.py`, one line a file.
pub fn file_line(file: &FileChange) -> String {
    let sign = match file.kind {
        FileChangeKind::Added => '+',
        FileChangeKind::Removed => '-',
        FileChangeKind::Changed => '~',
    };
    format!("{sign} {}", plain(&file.path))
}

fn text(diff: &DeployDiff) -> String {
    let mut lines: Vec<_> = diff.changes.iter().map(change_text).collect();
    if lines.is_empty() {
        lines.push("Both run the same parts.".to_owned());
    }
    lines.extend(diff.kept_changed.iter().map(|name| format!("Kept setting changed: {}", plain(name))));
    match &diff.files {
        Some(files) => lines.extend(files.iter().map(file_line)),
        None => lines.push("The DAG files cannot be compared: a DAG bundle is gone, or there is none.".to_owned()),
    }
    lines.join("\n")
}

fn file_text(diff: &FileDiff) -> String {
    if let Some(why) = &diff.unshown {
        return format!("{}: {why}", plain(&diff.path));
    }
    if diff.hunks.is_empty() {
        return format!("{} is the same in both.", plain(&diff.path));
    }
    let mut lines = vec![format!("--- {}", plain(&diff.path)), format!("+++ {}", plain(&diff.path))];
    for hunk in &diff.hunks {
        let first =
            |number: fn(&crate::http::api::dto::DiffLine) -> Option<u32>| hunk.iter().find_map(number).unwrap_or(0);
        let count = |not: DiffTag| hunk.iter().filter(|line| line.tag != not).count();
        let old = format!("-{},{}", first(|line| line.old), count(DiffTag::Added));
        lines.push(format!("@@ {old} +{},{} @@", first(|line| line.new), count(DiffTag::Removed)));
        lines.extend(hunk.iter().map(|line| {
            let sign = match line.tag {
                DiffTag::Same => ' ',
                DiffTag::Added => '+',
                DiffTag::Removed => '-',
            };
            format!("{sign}{}", plain(line.text.trim_end_matches(['\n', '\r'])))
        }));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_is_shown_as_a_unified_diff() {
        let line = |tag: &str, old: Option<u32>, new: Option<u32>, text: &str| json!({"tag": tag, "old": old, "new": new, "text": text});
        let hunk = [
            line("same", Some(3), Some(3), "def run():\n"),
            line("removed", Some(4), None, "    x = 1\n"),
            line("added", None, Some(4), "    x = 2\n"),
            line("added", None, Some(5), "    y = 2\u{1b}\n"),
        ];
        let diff: FileDiff = serde_json::from_value(json!({"path": "a.py", "hunks": [hunk]})).unwrap();
        let expected = "--- a.py\n+++ a.py\n@@ -3,2 +3,3 @@\n def run():\n-    x = 1\n+    x = 2\n+    y = 2\\u{1b}";
        assert_eq!(file_text(&diff), expected);
    }

    #[test]
    fn what_has_no_lines_says_why() {
        let diff = |value| file_text(&serde_json::from_value(value).unwrap());
        assert_eq!(diff(json!({"path": "a.bin", "hunks": [], "unshown": "Binary."})), "a.bin: Binary.");
        assert_eq!(diff(json!({"path": "a.py", "hunks": []})), "a.py is the same in both.");
    }
}
