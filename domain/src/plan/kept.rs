//! What a rollback leaves alone, by name.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kept, KeptName, PlanInput};
use crate::KeptSetting;

pub(super) fn kept(input: &PlanInput<'_>) -> Kept {
    let Some(now) = &input.facts.kept_now else { return Kept::default() };
    // A target that recorded none tells nothing about what changed.
    let then = &input.target.kept;
    let changed = if then.is_empty() { BTreeSet::new() } else { differing(then, now) };
    let mut names: BTreeSet<&str> = now.iter().map(|s| s.name.as_str()).collect();
    names.extend(changed.iter().map(String::as_str));
    let settings = names
        .into_iter()
        .map(|name| KeptName { name: name.to_owned(), changed_since_target: changed.contains(name) })
        .collect();
    Kept { known: true, compared: !then.is_empty(), settings }
}

/// The names of the settings that differ between two deploys: new, other, or gone since.
///
/// A deploy that recorded none (it never went live, or its target cannot tell) has nothing to compare with.
pub fn changed_settings(then: &[KeptSetting], now: &[KeptSetting]) -> BTreeSet<String> {
    if then.is_empty() || now.is_empty() { BTreeSet::new() } else { differing(then, now) }
}

fn differing(then: &[KeptSetting], now: &[KeptSetting]) -> BTreeSet<String> {
    fn by_name(settings: &[KeptSetting]) -> BTreeMap<&str, &str> {
        settings.iter().map(|s| (s.name.as_str(), s.hash.as_str())).collect()
    }
    let (then, now) = (by_name(then), by_name(now));
    then.keys().chain(now.keys()).filter(|n| then.get(*n) != now.get(*n)).map(|n| (*n).to_owned()).collect()
}
