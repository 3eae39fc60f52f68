//! One style sheet out of `style/`: `main.css` names the files in their order, and nothing is preprocessed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Puts the text of each `@import "file.css";` line of `main.css` in its place. All other lines of `main.css` (the order of
/// the layers) stay. A file of the folder that is not imported is an error: it would be dead without anyone noticing.
pub fn concatenate(folder: &Path) -> Result<String> {
    let main = folder.join("main.css");
    if !main.is_file() {
        eprintln!("xtask: style/main.css does not exist; the style sheet is empty");
        return Ok(String::new());
    }
    let mut result = String::new();
    let mut imported = BTreeSet::from(["main.css".to_owned()]);
    for line in fs::read_to_string(&main).context("could not read style/main.css")?.lines() {
        let Some(name) = import(line)? else {
            result.push_str(line);
            result.push('\n');
            continue;
        };
        if !imported.insert(name.to_owned()) {
            bail!("style/main.css imports {name} twice");
        }
        let text = fs::read_to_string(folder.join(name))
            .with_context(|| format!("style/main.css imports {name}, which could not be read"))?;
        if text.lines().any(|line| line.trim_start().starts_with("@import")) {
            bail!("style/{name} imports another file; only main.css does that");
        }
        result.push_str(&format!("/* {name} */\n{}\n", text.trim_end()));
    }
    for entry in fs::read_dir(folder).context("could not read style/")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".css") && !imported.contains(&name) {
            bail!("style/{name} is not imported by style/main.css");
        }
    }
    Ok(result)
}

/// The file name in `@import "name.css";`, nothing for another line.
fn import(line: &str) -> Result<Option<&str>> {
    let Some(rest) = line.trim().strip_prefix("@import") else { return Ok(None) };
    let name = rest
        .trim()
        .strip_suffix(';')
        .map(str::trim)
        .and_then(|quoted| quoted.strip_prefix('"')?.strip_suffix('"'))
        .map(|name| name.trim_start_matches("./"));
    match name {
        Some(name) if name.ends_with(".css") && !name.contains(['/', '"']) => Ok(Some(name)),
        _ => bail!(
            "style/main.css: write `@import \"file.css\";` on a line of its own (each file declares its @layer), not `{line}`"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn error(files: &[(&str, &str)]) -> String {
        format!("{:#}", concatenate(folder(files).path()).unwrap_err())
    }

    #[test]
    fn the_order_is_that_of_main() {
        let folder = folder(&[
            ("main.css", "@layer base, parts;\n@import \"z.css\";\n@import \"./a.css\";\n"),
            ("a.css", "@layer parts { a { color: red } }\n"),
            ("z.css", "@layer base { z { color: blue } }\n\n"),
        ]);
        assert_eq!(
            concatenate(folder.path()).unwrap(),
            "@layer base, parts;\n/* z.css */\n@layer base { z { color: blue } }\n/* a.css */\n@layer parts { a { color: red } }\n"
        );
    }

    #[test]
    fn what_would_be_lost_or_doubled_is_an_error() {
        assert!(error(&[("main.css", ""), ("a.css", "")]).contains("a.css is not imported"));
        assert!(error(&[("main.css", "@import \"a.css\";\n@import \"a.css\";"), ("a.css", "")]).contains("twice"));
        assert!(error(&[("main.css", "@import \"a.css\";")]).contains("a.css"));
        assert!(
            error(&[("main.css", "@import \"a.css\";"), ("a.css", "@import \"b.css\";")]).contains("only main.css")
        );
        assert!(
            error(&[("main.css", "@import url(a.css) layer(base);"), ("a.css", "")]).contains("on a line of its own")
        );
        assert!(error(&[("main.css", "@import \"../a.css\";")]).contains("on a line of its own"));
    }

    #[test]
    fn a_missing_folder_is_an_empty_style_sheet() {
        assert_eq!(concatenate(Path::new("/nonexistent/style")).unwrap(), "");
    }
}
