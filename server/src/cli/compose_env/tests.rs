use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
};

use super::*;

const NEW: &str = "quay.io/acme/airflow@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn ask(file: &Path, request: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    let program = ComposeEnv::new(file.to_owned(), "AIRFLOW_IMAGE_NAME");
    program.run(request.to_string().as_bytes(), &mut out).unwrap();
    String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn switch_request() -> Value {
    json!({ "protocol": 1, "verb": "act", "step": "switch_image", "image": { "pinned": NEW } })
}

fn observe_request() -> Value {
    json!({ "protocol": 1, "verb": "observe", "step": "switch_image", "image": { "pinned": NEW } })
}

/// Switches a file of this content; what it holds then.
fn switched(before: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    fs::write(&file, before).unwrap();
    assert_eq!(ask(&file, &observe_request())[0]["observed"]["done"], false, "before: {before:?}");
    let answer = ask(&file, &switch_request());
    assert_eq!(answer.last().unwrap(), &json!({ "done": true }), "{before:?}: {answer:?}");
    let seen = ask(&file, &observe_request());
    assert_eq!(seen[0]["observed"], json!({ "image": NEW, "done": true }), "after: {before:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside the file");
    fs::read_to_string(&file).unwrap()
}

#[test]
fn every_other_byte_stays() {
    // `IMAGE` stands for the variable, `@` for the new value.
    let cases = [
        ("plain", "IMAGE=old:1\n", "IMAGE=@\n"),
        ("in the middle", "# Airflow\nA=1\nIMAGE=old:1\nB=2\n", "# Airflow\nA=1\nIMAGE=@\nB=2\n"),
        ("no final line break", "A=1\nIMAGE=old:1", "A=1\nIMAGE=@"),
        ("Windows line breaks", "A=1\r\nIMAGE=old:1\r\nB=2\r\n", "A=1\r\nIMAGE=@\r\nB=2\r\n"),
        ("double quotes", "IMAGE=\"old:1\"\nB=2\n", "IMAGE=\"@\"\nB=2\n"),
        ("single quotes", "IMAGE='old:1'\n", "IMAGE='@'\n"),
        ("export", "export  IMAGE=old:1\n", "export  IMAGE=@\n"),
        ("blanks", "  IMAGE =  old:1  \nB=2\n", "  IMAGE =  @  \nB=2\n"),
        ("a comment behind", "IMAGE=old:1  # pinned by hand\n", "IMAGE=@  # pinned by hand\n"),
        ("a comment behind quotes", "IMAGE=\"old:1\" # why\n", "IMAGE=\"@\" # why\n"),
        ("a # inside", "IMAGE=old#1\n", "IMAGE=@\n"),
        ("the last one counts", "IMAGE=a:1\nB=2\nIMAGE=b:1\n", "IMAGE=a:1\nB=2\nIMAGE=@\n"),
        ("as in YAML", "IMAGE: old:1\n", "IMAGE: @\n"),
        ("empty value", "IMAGE=\nB=2\n", "IMAGE=@\nB=2\n"),
        ("empty value with a comment", "IMAGE= # none yet\n", "IMAGE= @ # none yet\n"),
        ("a variable in it", "R=quay.io\nIMAGE=${R}/airflow:1\n", "R=quay.io\nIMAGE=@\n"),
        ("commented out", "#IMAGE=old:1\nB=2\n", "#IMAGE=old:1\nB=2\nIMAGE=@\n"),
        ("missing", "B=2\n", "B=2\nIMAGE=@\n"),
        ("missing, no final line break", "B=2", "B=2\nIMAGE=@"),
        ("missing, Windows line breaks", "B=2\r\n", "B=2\r\nIMAGE=@\r\n"),
        ("an empty file", "", "IMAGE=@\n"),
        ("a bare name", "IMAGE=old:1\nIMAGE\n", "IMAGE=old:1\nIMAGE\nIMAGE=@\n"),
        ("a longer name", "IMAGE_X=1\nXIMAGE=2\nIMAGE=old:1\n", "IMAGE_X=1\nXIMAGE=2\nIMAGE=@\n"),
        ("inside another value", "A=\"x\nIMAGE=no\n\"\nIMAGE=old:1\n", "A=\"x\nIMAGE=no\n\"\nIMAGE=@\n"),
        ("an escaped quote before", "A=\"x\\\"\nIMAGE=no\"\nIMAGE=old:1\n", "A=\"x\\\"\nIMAGE=no\"\nIMAGE=@\n"),
        ("a byte order mark", "\u{feff}IMAGE=old:1\n", "\u{feff}IMAGE=@\n"),
    ];
    for (what, before, after) in cases {
        let [before, after] = [before, after].map(|text| text.replace("IMAGE", "AIRFLOW_IMAGE_NAME"));
        assert_eq!(switched(&before), after.replace('@', NEW), "{what}");
    }
}

#[test]
fn what_compose_refuses_is_refused_and_left() {
    for before in ["A=\"open\nAIRFLOW_IMAGE_NAME=x\n", "A B=1\n", "=1\n", "A$=1\n"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        fs::write(&file, before).unwrap();
        let answer = ask(&file, &switch_request());
        assert!(answer[0]["failed"].as_str().unwrap().contains("line 1"), "{before:?}: {answer:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), before);
    }
}

#[test]
fn a_tag_beside_the_digest_is_the_same_image() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    fs::write(&file, format!("AIRFLOW_IMAGE_NAME={}\n", NEW.replace('@', ":1.2@"))).unwrap();
    assert_eq!(ask(&file, &observe_request())[0]["observed"]["done"], true);
}

#[test]
fn mode_owner_and_link_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("airflow.env"), folder.path().join(".env"));
    fs::write(&real, "AIRFLOW_IMAGE_NAME=old\n").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("airflow.env", &link).unwrap();
    let before = fs::metadata(&real).unwrap();
    ask(&link, &switch_request());
    let after = fs::metadata(&real).unwrap();
    assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
    assert_ne!(after.ino(), before.ino(), "replaced, not written over");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), format!("AIRFLOW_IMAGE_NAME={NEW}\n"));
}

#[test]
fn what_a_killed_run_left_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    fs::write(&file, "AIRFLOW_IMAGE_NAME=old\n").unwrap();
    fs::write(folder.path().join(".env.backstep-Ab12Cd"), "SECRET=1").unwrap();
    fs::write(folder.path().join(".env.bak"), "mine").unwrap();
    ask(&file, &switch_request());
    assert!(!folder.path().join(".env.backstep-Ab12Cd").exists());
    assert!(folder.path().join(".env.bak").exists());
}

#[test]
fn a_missing_file_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    for request in [switch_request(), observe_request()] {
        let answer = ask(&folder.path().join(".env"), &request);
        assert!(answer[0]["failed"].as_str().unwrap().contains("Create it"), "{answer:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_or_a_huge_file_is_no_env_file() {
    let folder = tempfile::tempdir().unwrap();
    assert!(ask(folder.path(), &observe_request())[0]["failed"].as_str().unwrap().contains("plain file"));
    let huge = folder.path().join(".env");
    fs::write(&huge, vec![b'#'; 1_000_001]).unwrap();
    assert!(ask(&huge, &observe_request())[0]["failed"].as_str().unwrap().contains("1 MB"));
}

#[test]
fn an_image_that_compose_would_interpret_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    fs::write(&file, "AIRFLOW_IMAGE_NAME=old\n").unwrap();
    let mut request = switch_request();
    for bad in ["x\nSECRET=1", "${SECRET}", "airflow:latest", ""] {
        request["image"]["pinned"] = json!(bad);
        assert!(ask(&file, &request)[0]["failed"].is_string(), "{bad:?}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "AIRFLOW_IMAGE_NAME=old\n");
}

#[test]
fn kept_settings_are_names_and_keyed_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    fs::write(&file, "AIRFLOW_IMAGE_NAME=x\nFERNET=geheim\nA=1\nA='2'\nBARE\n").unwrap();
    let kept = |key: &str| ask(&file, &json!({ "protocol": 1, "verb": "kept", "hash_key": key }))[0].clone();
    let first = kept("00ff");
    let settings = first["observed"]["settings"].as_array().unwrap();
    let names: Vec<_> = settings.iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["A", "FERNET"]);
    assert_eq!(settings[0]["hash"], keyed_hash(&[0x00, 0xff], b"2"), "the last one counts, without its quotes");
    assert!(!first.to_string().contains("geheim"));
    assert_ne!(first, kept("00fe"), "the key counts");
    assert!(ask(&file, &json!({ "protocol": 1, "verb": "kept" }))[0]["failed"].is_string());
}

#[test]
fn it_says_what_it_can_and_cannot() {
    let none = Path::new("/nowhere/.env");
    let can = ask(none, &json!({ "protocol": 1, "verb": "can" }));
    assert_eq!(can, [json!({ "can": ["switch_image", "verify"], "database": false, "mechanism": false })]);
    for request in [
        json!({ "protocol": 2, "verb": "can" }),
        json!({ "protocol": 1, "verb": "dance" }),
        json!({ "protocol": 1, "verb": "act", "step": "stage_dags" }),
        json!(7),
    ] {
        assert!(ask(none, &request)[0]["failed"].is_string(), "{request}");
    }
}
