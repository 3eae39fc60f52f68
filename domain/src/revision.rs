//! What a Deployment runs after a deploy.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{AirflowVersion, BundleDigest, DeployNumber, ImageRef, RuntimeVersion};

/// How DAGs reach a Deployment: the "DAG deploy setting" of the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mechanism {
    /// The image contains the DAGs.
    Image,
    /// The image without DAGs, and a DAG bundle beside it.
    DagDeploy,
    /// DAGs follow a git branch.
    GitSync,
    /// DAGs lie on a volume that others write.
    Volume,
}

impl Mechanism {
    pub const ALL: [Self; 4] = [Self::Image, Self::DagDeploy, Self::GitSync, Self::Volume];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::DagDeploy => "dag_deploy",
            Self::GitSync => "git_sync",
            Self::Volume => "volume",
        }
    }

    /// Whether DAG bundles can be deployed here; the others take image deploys only.
    pub fn takes_dags(self) -> bool {
        self == Self::DagDeploy
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mechanism {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|m| m.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no mechanism; it is one of image, dag_deploy, git_sync, volume"))
    }
}

/// The parts of a revision that are deployed and rolled back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Image,
    Dags,
}

/// What of the target a rollback takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Image,
    Dags,
    ImageAndDags,
}

impl Part {
    /// As a person reads it: "image", "DAGs".
    pub fn words(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Dags => "DAGs",
        }
    }
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Image, Self::Dags, Self::ImageAndDags];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Dags => "dags",
            Self::ImageAndDags => "image_and_dags",
        }
    }

    /// As a person reads it: "image", "DAGs", "image and DAGs".
    pub fn words(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Dags => "DAGs",
            Self::ImageAndDags => "image and DAGs",
        }
    }

    pub fn parts(self) -> &'static [Part] {
        match self {
            Self::Image => &[Part::Image],
            Self::Dags => &[Part::Dags],
            Self::ImageAndDags => &[Part::Image, Part::Dags],
        }
    }

    pub fn has(self, part: Part) -> bool {
        self.parts().contains(&part)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no scope; it is one of image, dags, image_and_dags"))
    }
}

/// The migration heads of the metadata database, by version table
/// (`alembic_version`, `alembic_version_fab`, ...): what an image expects, or what a database has.
pub type SchemaHeads = BTreeMap<String, String>;

/// The image part of a revision, with the versions that come with it.
/// A Deployment that was created empty has stated versions and no image yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagePart {
    pub image: Option<ImageRef>,
    pub runtime: Option<RuntimeVersion>,
    pub airflow: Option<AirflowVersion>,
    pub heads: Option<SchemaHeads>,
    /// The deploy that first brought this image.
    pub origin: DeployNumber,
}

impl ImagePart {
    /// Whether both run the same software; the origin and the tag are no part of that.
    pub fn same_as(&self, other: &Self) -> bool {
        let digest = |part: &Self| part.image.as_ref().map(|i| (i.repository.clone(), i.digest.clone()));
        digest(self) == digest(other) && self.runtime == other.runtime && self.airflow == other.airflow
    }
}

/// The DAG part of a revision: a DAG bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DagsPart {
    pub bundle: BundleDigest,
    /// The deploy that first brought this DAG bundle.
    pub origin: DeployNumber,
}

/// What the Deployment runs after a deploy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    pub mechanism: Mechanism,
    pub mechanism_origin: DeployNumber,
    pub image: ImagePart,
    /// `None` where the mechanism brings the DAGs some other way, or none was deployed yet.
    pub dags: Option<DagsPart>,
}
