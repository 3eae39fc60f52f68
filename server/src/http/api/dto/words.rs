//! The schemas of words that the domain defines: the document lists exactly the domain's own.

use backstep_domain::{
    AccountKind, AuditAction, DeployKind, Level, Mechanism, Permission, ProblemCode, ReasonCode, Scope, ShownStatus,
    StepKind,
};
use utoipa::openapi::{Object, ObjectBuilder, Type};

fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}

macro_rules! words {
    ($($function:ident: $name:ident,)*) => {
        $(pub fn $function() -> Object {
            one_of($name::ALL.iter().map(|word| word.as_str()))
        })*
    };
}

words! {
    scope: Scope,
    mechanism: Mechanism,
    kind: DeployKind,
    shown_status: ShownStatus,
    step_kind: StepKind,
    reason_code: ReasonCode,
    problem_code: ProblemCode,
    permission: Permission,
    account_kind: AccountKind,
    level: Level,
    audit_action: AuditAction,
}

pub fn scopes() -> utoipa::openapi::Array {
    utoipa::openapi::Array::new(scope())
}

pub fn permissions() -> utoipa::openapi::Array {
    utoipa::openapi::Array::new(permission())
}

pub fn file_change() -> Object {
    one_of(["added", "removed", "changed"])
}

pub fn diff_tag() -> Object {
    one_of(["same", "added", "removed"])
}

pub fn export_format() -> Object {
    one_of(["csv", "jsonl"])
}

pub fn part() -> Object {
    one_of(["image", "dags"])
}

pub fn release_to() -> Object {
    one_of(["newest", "none"])
}
