//! `backstep compose-env`: the image target's program for Docker Compose.
//!
//! It observes and rewrites the one line of a Compose `.env` file that names the image, and tells the other entries as kept
//! settings, by name and keyed hash. It starts no containers and cannot migrate a metadata database.

mod dotenv;
mod rewrite;

#[cfg(test)]
mod tests;

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
};

use backstep_domain::{ImageRef, KeptSetting};
use clap::Args;
use hmac::{Hmac, Mac};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use self::dotenv::EnvFile;

/// A `.env` file is small; a larger one is something else.
const MOST_BYTES: u64 = 1_000_000;

/// Observe and rewrite the image in a Docker Compose .env file: an image target's program.
///
/// For the configuration: [targets.NAME] kind = "command", program = ["backstep", "compose-env", "--file", "/srv/airflow/.env"].
/// It reads one request on standard input and answers on standard output. It only writes the file; to restart Airflow on the
/// new image, and to migrate its database, write a program of your own that calls this one first.
#[derive(Clone, Debug, Args)]
pub struct ComposeEnv {
    /// The Compose .env file.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// The variable that names the image.
    #[arg(long, value_name = "NAME", default_value = "AIRFLOW_IMAGE_NAME", value_parser = variable_name)]
    variable: String,
}

fn variable_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let ok = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(plain);
    ok.then(|| text.to_owned()).ok_or_else(|| "a variable's name has only letters, digits and _".to_owned())
}

#[derive(Debug, Deserialize)]
struct Request {
    protocol: u32,
    verb: String,
    #[serde(default)]
    step: Option<String>,
    #[serde(default)]
    image: Option<Asked>,
    #[serde(default)]
    hash_key: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Asked {
    pinned: String,
}

impl ComposeEnv {
    pub fn new(file: PathBuf, variable: &str) -> Self {
        Self { file, variable: variable.to_owned() }
    }

    /// Answers the request on `input`; what cannot be done is answered too, as `failed`.
    pub fn run(&self, input: impl Read, output: &mut impl Write) -> std::io::Result<()> {
        let mut text = String::new();
        input.take(MOST_BYTES).read_to_string(&mut text)?;
        for line in self.answer(&text).unwrap_or_else(|why| vec![json!({ "failed": why })]) {
            writeln!(output, "{line}")?;
        }
        output.flush()
    }

    fn answer(&self, text: &str) -> Result<Vec<Value>, String> {
        let request: Request = serde_json::from_str(text).map_err(|e| format!("The request cannot be read: {e}."))?;
        if request.protocol != 1 {
            return Err(format!("The request is of protocol {}; this program speaks protocol 1.", request.protocol));
        }
        match request.verb.as_str() {
            "can" => Ok(vec![json!({ "can": ["switch_image", "verify"], "database": false, "mechanism": false })]),
            "observe" => self.observe(request.image),
            "kept" => self.kept(request.hash_key),
            "act" => match request.step.as_deref() {
                Some("switch_image") => self.switch(request.image),
                // Reading back needs no act.
                Some("verify") => Ok(vec![json!({ "done": true })]),
                step => Err(format!("This program cannot do the step {}.", step.unwrap_or("without a name"))),
            },
            verb => Err(format!("This program does not know the verb {verb}.")),
        }
    }

    fn observe(&self, wanted: Option<Asked>) -> Result<Vec<Value>, String> {
        let (_, bytes) = self.read()?;
        let env = EnvFile::parse(&bytes)?;
        let image = env.value_of(&self.variable);
        let done = wanted.is_some_and(|wanted| image.as_deref().is_some_and(|image| is_same(image, &wanted.pinned)));
        Ok(vec![json!({ "observed": { "image": image, "done": done } })])
    }

    fn kept(&self, key: Option<String>) -> Result<Vec<Value>, String> {
        let key = key.and_then(|key| hex::decode(key).ok()).ok_or("The request has no hash_key.")?;
        let (_, bytes) = self.read()?;
        let env = EnvFile::parse(&bytes)?;
        let others = env.values().into_iter().filter(|(name, _)| *name != self.variable);
        let settings: Vec<_> =
            others.map(|(name, value)| KeptSetting { name, hash: keyed_hash(&key, &value) }).collect();
        Ok(vec![json!({ "observed": { "settings": settings } })])
    }

    fn switch(&self, wanted: Option<Asked>) -> Result<Vec<Value>, String> {
        let pinned = wanted.ok_or("The request names no image.")?.pinned;
        // It goes into a file that Compose interprets: only a plain image may.
        pinned.parse::<ImageRef>().map_err(|e| format!("The request's image cannot be used: {e}."))?;
        let (file, before) = self.read()?;
        let env = EnvFile::parse(&before)?;
        let mut lines = Vec::new();
        let times = env.assignments_of(&self.variable);
        if times > 1 {
            let text =
                format!("{} is assigned {times} times; the last counts in Compose and is rewritten", self.variable);
            lines.push(json!({ "log": text }));
        }
        let was = env.value_of(&self.variable).unwrap_or_else(|| "not set".to_owned());
        let after = env.with(&self.variable, &pinned);
        rewrite::replace(&file, &before, &after)?;
        lines.push(json!({ "log": format!("{} in {}: {was} -> {pinned}", self.variable, file.display()) }));
        lines.push(json!({ "done": true }));
        Ok(lines)
    }

    /// The file behind any links, and its bytes.
    fn read(&self) -> Result<(PathBuf, Vec<u8>), String> {
        let shown = self.file.display();
        let real = self.file.canonicalize().map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => {
                format!(
                    "{shown} is missing. Create it beside the Compose file, or correct --file in the configuration."
                )
            }
            _ => format!("{shown} cannot be read: {e}."),
        })?;
        let bytes = read_limited(&real).map_err(|why| format!("{shown} {why}."))?;
        Ok((real, bytes))
    }
}

fn read_limited(path: &Path) -> Result<Vec<u8>, String> {
    let cannot = |e: std::io::Error| format!("cannot be read: {e}");
    let file = std::fs::File::open(path).map_err(cannot)?;
    let found = file.metadata().map_err(cannot)?;
    if !found.is_file() {
        return Err("is not a plain file".to_owned());
    }
    if found.len() > MOST_BYTES {
        return Err("is larger than 1 MB, so it is no .env file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(cannot)?;
    Ok(bytes)
}

/// The same repository and digest; a tag beside the digest changes nothing.
fn is_same(there: &str, wanted: &str) -> bool {
    there == wanted || there.parse::<ImageRef>().is_ok_and(|image| image.pinned() == wanted)
}

fn keyed_hash(key: &[u8], value: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(value);
    hex::encode(mac.finalize().into_bytes())
}
