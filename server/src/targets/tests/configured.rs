use std::collections::BTreeMap;

use super::*;

fn set(text: &str) -> Result<TargetSet, String> {
    #[derive(serde::Deserialize)]
    struct File {
        targets: BTreeMap<String, TargetConfig>,
    }
    let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
    let folder = tempfile::tempdir().unwrap();
    let bundles = Bundles::local(folder.path()).unwrap();
    TargetSet::from_config(&file.targets, folder.path(), bundles, [0; 32]).map_err(|e| e.to_string())
}

#[test]
fn targets_are_found_by_name() {
    let set =
        set("[targets.a]\nkind = \"directory\"\nroot = \"/srv/a\"\n[targets.b]\nkind = \"command\"\nprogram = [\"x\"]")
            .unwrap();
    assert_eq!(set.names().collect::<Vec<_>>(), ["a", "b"]);
    assert!(set.get("c").is_none());
}

#[test]
fn what_cannot_work_is_refused_at_start() {
    let two = |a: &str, b: &str| {
        format!("[targets.a]\nkind = \"directory\"\nroot = \"{a}\"\n[targets.b]\nkind = \"directory\"\nroot = \"{b}\"")
    };
    for (text, words) in [
        (two("/srv/x", "/srv/x"), "same folder"),
        (two("/srv/x", "/srv/./x/"), "same folder"),
        (two("/srv/x", "/srv/x/versions"), "same folder"),
        (two("/srv/x/y", "/srv/x"), "same folder"),
        ("[targets.a]\nkind = \"directory\"\nroot = \"dags\"".to_owned(), "beginning with /"),
        ("[targets.a]\nkind = \"command\"\nprogram = []".to_owned(), "program is empty"),
        ("[targets.a]\nkind = \"command\"\nprogram = [\"x\"]\ntimeout_seconds = 0".to_owned(), "timeout_seconds"),
        ("[targets.a]\nkind = \"magic\"".to_owned(), "magic"),
        ("[targets.a]\nkind = \"directory\"\nroot = \"/a\"\nroots = 1".to_owned(), "roots"),
    ] {
        let error = set(&text).err().unwrap_or_else(|| panic!("accepted: {text}"));
        assert!(error.contains(words), "{words}: {error}");
    }
    assert!(set(&two("/srv/x", "/srv/xy")).is_ok());
}

#[test]
fn two_names_of_one_folder_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let text = format!(
        "[targets.a]\nkind = \"directory\"\nroot = \"{}\"\n[targets.b]\nkind = \"directory\"\nroot = \"{}\"",
        real.display(),
        link.display()
    );
    assert!(set(&text).is_err());
}
