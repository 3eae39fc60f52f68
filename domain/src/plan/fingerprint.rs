//! What a person decides on, as one short text.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::{PlanInput, Reason, ReasonCode, ScopeOption};

/// sha256, hexadecimal, over the live deploy, a running rollout, the target, and each option's changes, codes and
/// steps. Not over `now`, counts, words, uploads, held or queued deploys, or a fact that is not known.
pub(super) fn fingerprint(input: &PlanInput<'_>, options: &[ScopeOption]) -> String {
    let mut text = format!("backstep plan 1\ndeployment {}\n", input.deployment.id);
    let running = input.running.map_or_else(|| "none".to_owned(), |d| d.number.to_string());
    line(&mut text, "live", &input.live.number.to_string());
    line(&mut text, "running", &running);
    line(&mut text, "target", &input.target.number.to_string());
    for option in options {
        line(&mut text, "scope", option.scope.as_str());
        for change in &option.changes {
            line(&mut text, "change", &serde_json::to_string(change).expect("a change is plain data"));
        }
        codes(&mut text, "refusal", &option.refusals);
        codes(&mut text, "warning", &option.warnings);
        option.steps.iter().for_each(|step| line(&mut text, "step", step.as_str()));
    }
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        write!(hex, "{byte:02x}").expect("a String takes every text");
    }
    hex
}

/// Each text is one line: JSON, a number or a word.
fn line(text: &mut String, key: &str, value: &str) {
    text.extend([key, " ", value, "\n"]);
}

fn codes(text: &mut String, key: &str, reasons: &[Reason]) {
    // That a registry does not answer comes and goes; it changes nothing that was decided on.
    let known = reasons.iter().filter(|reason| reason.code != ReasonCode::ImageUnknown);
    known.for_each(|reason| line(text, key, reason.code.as_str()));
}
