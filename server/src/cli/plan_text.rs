//! A plan as text: read from top to bottom, as the rollback page is.

use backstep_domain::Scope;

use super::{
    diff::{change_text, file_line},
    history::parts,
    table::{plain, when},
};
use crate::http::api::dto::{DeployRef, PlanAnswer, ScopeOption};

/// More files than these are counted instead of named.
const FILES_SHOWN: usize = 20;

/// The plan with every scope.
pub fn whole(answer: &PlanAnswer) -> String {
    let mut lines = heading(answer, None);
    for option in &answer.plan.options {
        let proposed = answer.plan.proposed == Some(option.scope);
        lines.push(String::new());
        lines.push(format!("Scope {}{}", option.scope, if proposed { " (proposed)" } else { "" }));
        lines.extend(scope_lines(option, answer));
    }
    lines.extend(kept(answer));
    lines.join("\n")
}

/// The plan with one scope, and why the others are refused.
pub fn of_scope(answer: &PlanAnswer, scope: Scope) -> String {
    let mut lines = heading(answer, Some(scope));
    lines.push(String::new());
    lines.push(format!("Scope {scope}"));
    if let Some(option) = answer.plan.option(scope) {
        lines.extend(scope_lines(option, answer));
    }
    lines.extend(kept(answer));
    lines.join("\n")
}

/// "Roll back analytics-prod to #52"; of one scope, if it is known.
pub fn title(answer: &PlanAnswer, scope: Option<Scope>) -> String {
    let option = scope.and_then(|scope| answer.plan.option(scope));
    let backward = option.map_or(answer.plan.backward, |option| option.backward);
    let verb = if backward { "Roll back" } else { "Roll forward" };
    format!("{verb} {} to #{}", plain(&answer.deployment_name), answer.plan.to.number)
}

fn heading(answer: &PlanAnswer, scope: Option<Scope>) -> Vec<String> {
    let plan = &answer.plan;
    let proposed = if answer.target_proposed { " (the last good deploy)" } else { "" };
    let mut lines = vec![
        format!("{}{proposed}", title(answer, scope)),
        String::new(),
        format!("From {}", deploy(&plan.from)),
        format!("To   {}", deploy(&plan.to)),
    ];
    let between: Vec<_> = plan.between.iter().filter(|d| d.number != plan.from.number).collect();
    if !between.is_empty() {
        lines.push("Deploys in between:".to_owned());
        lines.extend(between.into_iter().map(|d| format!("  {}", deploy(d))));
    }
    lines
}

fn deploy(deploy: &DeployRef) -> String {
    let (number, by) = (deploy.number, plain(&deploy.created_by_subject.full_name));
    let what = plain(&deploy.description);
    format!("#{number} {} ({}, by {by}) {what}", when(deploy.created_at), parts(deploy.kind)).trim_end().to_owned()
}

fn scope_lines(option: &ScopeOption, answer: &PlanAnswer) -> Vec<String> {
    if !option.allowed {
        return option.refusals.iter().map(|reason| format!("  Refused: {}", reason.message)).collect();
    }
    let mut lines = vec!["  Will be rolled back:".to_owned()];
    lines.extend(option.changes.iter().map(|change| format!("    {}", change_text(change))));
    if let Some(files) = answer.files.as_ref().filter(|_| option.scope != Scope::Image) {
        lines.extend(files.iter().take(FILES_SHOWN).map(|file| format!("      {}", file_line(file))));
        if files.len() > FILES_SHOWN {
            lines.push(format!("      and {} files more", files.len() - FILES_SHOWN));
        }
    }
    if !option.undone.is_empty() {
        let undone: Vec<_> = option.undone.iter().map(|number| format!("#{number}")).collect();
        lines.push(format!("  Undone: {}", undone.join(", ")));
    }
    let steps: Vec<_> = option.steps.iter().map(|step| step.label.as_str()).collect();
    lines.push(format!("  Steps: {}", steps.join("; ")));
    lines.extend(option.warnings.iter().map(|reason| format!("  Warning: {}", reason.message)));
    if option.needs_confirm_name {
        lines.push(format!("  Data is lost for good: confirm with --confirm {}", plain(&answer.deployment_name)));
    }
    lines
}

fn kept(answer: &PlanAnswer) -> Vec<String> {
    let kept = &answer.plan.kept;
    let mut lines = vec![
        String::new(),
        "Will not be rolled back: executor, resources, environment variables, name, description, other settings."
            .to_owned(),
    ];
    if !kept.known {
        lines.push("  The target cannot tell its settings.".to_owned());
    }
    let changed = kept.settings.iter().filter(|setting| setting.changed_since_target);
    let since = answer.plan.to.number;
    lines.extend(
        changed.map(|setting| format!("  {} changed since #{since}, and stays as it is.", plain(&setting.name))),
    );
    lines
}
