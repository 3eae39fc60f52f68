use super::*;

fn runtime(text: &str) -> RuntimeVersion {
    text.parse().unwrap()
}

#[test]
fn the_built_in_catalogue_maps_runtimes_to_airflow() {
    let catalogue = Catalogue::built_in();
    for (version, airflow) in [
        ("3.0.0", "2.1.1"),
        ("3.0-1", "3.0.0"),
        ("4.2.5", "2.2.5"),
        ("5.0.0", "2.3.0"),
        ("5.3.7", "2.3.4"),
        ("7.2.1", "2.5.1"),
        ("9.6.0", "2.7.3"),
        ("9.20.0", "2.7.3"),
        ("11.8.0", "2.9.3"),
        ("11.19.0", "2.9.3"),
        ("12.9.0", "2.10.5"),
        ("12.10.0", "2.10.5"),
        ("13.9.0", "2.11.2"),
        ("3.1-2", "3.1.0"),
        ("3.3-6", "3.3.1"),
    ] {
        assert_eq!(
            catalogue.airflow_of(&runtime(version)).map(|a| a.to_string()).as_deref(),
            Some(airflow),
            "{version}"
        );
    }
}

#[test]
fn a_patch_version_that_is_not_certain_is_not_guessed() {
    let catalogue = Catalogue::built_in();
    for (version, minor) in
        [("3.1-5", (3, 1)), ("3.1-12", (3, 1)), ("12.5.0", (2, 10)), ("13.12.0", (2, 11)), ("4.2.2", (2, 2))]
    {
        assert_eq!(catalogue.airflow_of(&runtime(version)), None, "{version}");
        assert_eq!(catalogue.airflow_minor_of(&runtime(version)), Some(minor), "{version}");
    }
    assert_eq!(catalogue.airflow_minor_of(&runtime("2.0.0")), None);
    assert_eq!(catalogue.airflow_minor_of(&runtime("99.0.0")), None);
}

#[test]
fn restricted_versions_carry_their_reason() {
    let catalogue = Catalogue::built_in();
    for (version, word) in [
        ("8.0.0", "pluggy"),
        ("9.0.0", "scheduling"),
        ("9.1.3", "scheduling"),
        ("9.6.0", "scheduling"),
        ("11.1.0", "triggers"),
        ("3.2-1", "connections"),
    ] {
        assert!(catalogue.restricted(&runtime(version)).unwrap().contains(word), "{version}");
    }
    for version in ["8.1.0", "9.6.1", "9.7.0", "11.2.0", "3.2-10", "13.0.0", "3.2-2"] {
        assert_eq!(catalogue.restricted(&runtime(version)), None, "{version}");
    }
}

#[test]
fn reads_the_feed_in_all_its_forms() {
    let catalogue = Catalogue::from_json(
        r#"{"runtimeVersions": {
              "13.11.0": {"metadata": {"airflowVersion": "2.11.2", "channel": "stable", "releaseDate": "2026-09-17"},
                          "migrations": {"airflowDatabase": "true"}},
              "4.0.0": {"metadata": {"airflowVersion": "2.2.0", "channel": "deprecated"}}},
            "runtimeVersionsV3": {
              "3.2-1": {"metadata": {"airflowVersion": "3.2.0", "pythonVersions": ["3.12"], "yanked": true,
                        "yankedReason": "bad"}, "migrations": {"airflowDatabase": true}},
              "3.2-2": {"metadata": {"airflowVersion": "3.2.0", "yanked": "true"}},
              "3.2-3": {"metadata": {"airflowVersion": "3.2.0", "yanked": false, "yankedReason": ""}},
              "3.4-1-alpha1": {"metadata": {"airflowVersion": "3.4.0a1", "channel": "alpha"}}},
            "somethingNew": 1}"#,
    )
    .unwrap();
    assert_eq!(catalogue.versions().count(), 5);
    assert_eq!(catalogue.restricted(&runtime("13.11.0")), None);
    assert_eq!(catalogue.restricted(&runtime("4.0.0")), Some("deprecated by its publisher"));
    assert_eq!(catalogue.restricted(&runtime("3.2-1")), Some("bad"));
    assert_eq!(catalogue.restricted(&runtime("3.2-2")), Some("yanked by its publisher"));
    assert_eq!(catalogue.restricted(&runtime("3.2-3")), None);
}

#[test]
fn a_bad_entry_is_named() {
    for (feed, word) in [
        (r#"{"runtimeVersions": {"eleven": {"metadata": {"airflowVersion": "2.9.0"}}}}"#, "eleven"),
        (r#"{"runtimeVersions": {"11.0.0": {"metadata": {"airflowVersion": "latest"}}}}"#, "11.0.0"),
        (r#"{"runtimeVersions": {"11.0.0": {"metadata": {}}}}"#, "11.0.0"),
        ("[]", "JSON"),
        ("{}", "runtimeVersions"),
    ] {
        assert!(Catalogue::from_json(feed).unwrap_err().to_string().contains(word), "{feed}");
    }
}
