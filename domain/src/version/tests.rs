use proptest::prelude::*;

use super::*;

fn runtime(text: &str) -> RuntimeVersion {
    text.parse().unwrap()
}

#[test]
fn both_formats_in_their_order() {
    let ordered = [
        "3.0.0",
        "4.2.9",
        "5.0.0",
        "9.6.0",
        "10.0.0",
        "11.8.0-alpha1",
        "11.8.0",
        "11.10.0",
        "13.11.0",
        "99.0.0",
        "3.0-1",
        "3.0-2",
        "3.0-10",
        "3.1-1",
        "3.1-2-alpha.2",
        "3.1-2-alpha.10",
        "3.1-2-alpha.beta",
        "3.1-2-beta",
        "3.1-2",
        "3.10-1",
        "4.0-1",
    ];
    for (at, lower) in ordered.iter().enumerate() {
        for higher in &ordered[at + 1..] {
            assert!(runtime(lower) < runtime(higher), "{lower} < {higher}");
        }
    }
}

#[test]
fn what_is_no_version_is_refused() {
    for text in [
        "",
        "11",
        "11.8",
        "11.8.0.1",
        "3.1-",
        "-1",
        "v11.8.0",
        "11.08.0",
        "3.1-02",
        "11.8.0-",
        "3.1-2-",
        "3.1-2-a..b",
        "3.1-2-a b",
        "70000.0.0",
        "+1.0.0",
        "3.1-2-01",
        "11.8.0 ",
    ] {
        assert!(text.parse::<RuntimeVersion>().is_err(), "{text}");
    }
    for text in ["", "2", "2.11", "2.11.2b1", "2.11.2.1", "02.1.0", "v2.11.2"] {
        assert!(text.parse::<AirflowVersion>().is_err(), "{text}");
    }
}

#[test]
fn a_pre_release_after_a_dot_is_shown_after_a_dash() {
    assert_eq!(runtime("3.1-2.alpha1").to_string(), "3.1-2-alpha1");
    assert_eq!(runtime("3.1-2.alpha1"), runtime("3.1-2-alpha1"));
}

fn versions() -> impl Strategy<Value = RuntimeVersion> {
    let pre =
        prop::option::weighted(0.4, prop::sample::select(vec!["alpha", "alpha.1", "alpha.2", "beta", "1", "rc-1"]));
    (any::<bool>(), 0_u16..4, 0_u16..4, 0_u16..4, pre).prop_map(|(old, major, minor, patch, pre)| {
        let pre = pre.map(str::to_owned);
        match old {
            true => RuntimeVersion::Old { major, minor, patch, pre },
            false => RuntimeVersion::New { major, minor, patch, pre },
        }
    })
}

proptest! {
    #[test]
    fn the_order_is_total(a in versions(), b in versions(), c in versions()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a == b, a.cmp(&b).is_eq());
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
    }

    #[test]
    fn the_order_agrees_with_the_two_format_rule(a in versions(), b in versions()) {
        let is_new = |v: &RuntimeVersion| matches!(v, RuntimeVersion::New { .. });
        if is_new(&a) != is_new(&b) {
            prop_assert_eq!(a > b, is_new(&a));
        } else {
            // Within a format: semantic versioning's numbers, a release above its pre-releases.
            let fields = |v: &RuntimeVersion| {
                let text = v.to_string();
                let mut parts = text.splitn(if is_new(v) { 3 } else { 2 }, '-');
                let mut numbers = parts.next().unwrap().to_owned();
                if is_new(v) { numbers = format!("{numbers}.{}", parts.next().unwrap()); }
                (numbers.split('.').map(|n| n.parse::<u16>().unwrap()).collect::<Vec<_>>(), parts.next().is_none())
            };
            if fields(&a) != fields(&b) {
                prop_assert_eq!(a.cmp(&b), fields(&a).cmp(&fields(&b)));
            }
        }
    }

    #[test]
    fn what_is_written_is_read_again(version in versions()) {
        prop_assert_eq!(runtime(&version.to_string()), version.clone());
        let json = serde_json::to_string(&version).unwrap();
        prop_assert_eq!(serde_json::from_str::<RuntimeVersion>(&json).unwrap(), version);
    }
}
