//! A deploy: one entry of a Deployment's Deploy History.

use serde::{Deserialize, Serialize};

use crate::{Author, DeployId, DeployNumber, DeploymentId, KeptSetting, Millis, Part, Revision, Scope};

macro_rules! word_enum {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|v| v.as_str() == text).ok_or_else(|| {
                    let all: Vec<_> = Self::ALL.iter().map(|v| v.as_str()).collect();
                    format!("`{text}` is no {}; it is one of {}", $what, all.join(", "))
                })
            }
        }
    };
}
pub(crate) use word_enum;

word_enum! {
    /// Which parts a deploy brought.
    DeployKind, "kind of deploy" {
        Image = "image",
        Dags = "dags",
        ImageAndDags = "image_and_dags",
        /// Only the mechanism changed.
        Mechanism = "mechanism",
    }
}

impl DeployKind {
    pub fn has(self, part: Part) -> bool {
        match self {
            Self::Image => part == Part::Image,
            Self::Dags => part == Part::Dags,
            Self::ImageAndDags => true,
            Self::Mechanism => false,
        }
    }

    pub fn parts(self) -> Vec<Part> {
        [Part::Image, Part::Dags].into_iter().filter(|part| self.has(*part)).collect()
    }
}

impl From<Scope> for DeployKind {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Image => Self::Image,
            Scope::Dags => Self::Dags,
            Scope::ImageAndDags => Self::ImageAndDags,
        }
    }
}

word_enum! {
    /// The stored status. Live, Superseded, Expired and Artifact missing are derived.
    DeployStatus, "status" {
        Queued = "queued",
        Held = "held",
        Running = "running",
        Succeeded = "succeeded",
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

impl DeployStatus {
    /// Whether nothing more will happen to the deploy by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// What brought a deploy about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// A person or CI deployed.
    Deploy,
    /// The Deployment already ran this when Backstep came: entry #1.
    Adoption,
    /// A rollback of the deploy that was live (`of`) to an earlier one (`to`).
    Rollback { of: DeployNumber, to: DeployNumber, scope: Scope },
}

/// Where the code came from, in Astro's field names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Git {
    pub commit_sha: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
}

/// One entry of the Deploy History. The row never changes; what follows `status` is read from appended events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deploy {
    pub id: DeployId,
    pub deployment: DeploymentId,
    pub number: DeployNumber,
    pub kind: DeployKind,
    pub cause: Cause,
    pub revision: Revision,
    pub git: Option<Git>,
    pub created_at: Millis,
    pub created_by: Author,
    /// 1 to 500 characters for a rollback; up to 500 for a deploy. The newest edit.
    pub description: String,
    pub status: DeployStatus,
    /// Why it failed, is held or was cancelled.
    pub status_reason: Option<String>,
    /// When its rollout started and ended, if it did.
    pub started_at: Option<Millis>,
    pub ended_at: Option<Millis>,
    /// When it went live, and when the next one took over. It is live while the second is missing.
    pub live_from: Option<Millis>,
    pub live_until: Option<Millis>,
    /// It has a part that was rolled back and marked as not to be rolled out again.
    pub rejected: bool,
    /// The settings that were kept when it went live: names and keyed hashes.
    pub kept: Vec<KeptSetting>,
    /// An artifact is known to be gone: its DAG bundle was removed or damaged.
    pub artifact_missing: bool,
}

impl Deploy {
    pub fn is_live(&self) -> bool {
        self.live_from.is_some() && self.live_until.is_none()
    }

    pub fn is_rollback(&self) -> bool {
        matches!(self.cause, Cause::Rollback { .. })
    }

    /// How long it was live, up to `now` if it still is, in milliseconds.
    pub fn active_for(&self, now: Millis) -> Option<i64> {
        self.live_from.map(|from| self.live_until.unwrap_or(now).since(from))
    }

    pub fn shown(&self) -> ShownStatus {
        match self.status {
            DeployStatus::Queued => ShownStatus::Queued,
            DeployStatus::Held => ShownStatus::Held,
            DeployStatus::Running => ShownStatus::Deploying,
            DeployStatus::Succeeded if self.is_live() => ShownStatus::Live,
            DeployStatus::Succeeded => ShownStatus::Superseded,
            DeployStatus::Failed => ShownStatus::Failed,
            DeployStatus::Cancelled => ShownStatus::Cancelled,
        }
    }
}

word_enum! {
    /// The status as a person reads it.
    ShownStatus, "status" {
        Queued = "Queued",
        Deploying = "Deploying",
        Live = "Live",
        Superseded = "Superseded",
        Failed = "Failed",
        Cancelled = "Cancelled",
        Held = "Held",
    }
}
