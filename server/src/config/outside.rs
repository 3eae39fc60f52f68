//! What a configuration names and what is not there: files, folders, programs, addresses.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use backstep_domain::{Catalogue, Roles};
use rustix::fs::{Access, access};

use super::{Config, Problem};
use crate::{auth::AdminToken, export::BadExport, roles_file, store, targets};

/// Where the server would be.
#[derive(Clone, Debug)]
pub struct Place {
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub database: String,
}

/// Looks, and changes nothing.
pub fn problems_outside(config: &Config, place: &Place) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(data_folder(&place.data).map(|message| Problem::of("server.data", message)));
    problems.extend(database(&place.database).map(|message| Problem::of("server.database", message)));
    problems.extend(wire(config, place.listen).map(|message| Problem::of("server.listen", message)));
    if let Some(path) = &config.runtimes {
        problems.extend(catalogue(path).map(|message| Problem::of("runtimes", message)));
    }
    let roles = match roles_file::read(config.access.roles.as_deref(), Default::default()) {
        Ok(roles) => roles,
        Err(error) => {
            problems.push(Problem::of("access.roles", error.to_string()));
            Roles::built_in()
        }
    };
    problems.extend(provider(config, &roles).map(|message| Problem::of("oidc", message)));
    problems.extend(export(config).map(|error| Problem::of("export.elasticsearch", error.to_string())));
    problems.extend(targets::problems(&config.targets).into_iter().map(|bad| Problem::of("targets", bad.to_string())));
    for (name, target) in &config.targets {
        if let Err(error) = targets::look(target) {
            problems.push(Problem::of(format!("targets.{name}"), error.to_string()));
        }
    }
    if let Ok(token) = std::env::var("BACKSTEP_ADMIN_TOKEN") {
        problems.extend(AdminToken::new(token.trim()).err().map(|weak| Problem::new(weak.to_string())));
    }
    problems
}

/// Passwords and tokens go over https, or stay on this machine.
pub fn wire(config: &Config, listen: SocketAddr) -> Option<String> {
    let server = &config.server;
    let https = server.public_url.as_ref().is_some_and(|url| url.starts_with("https://"));
    if listen.ip().is_loopback() || https || server.plain_http_beyond_loopback {
        return None;
    }
    Some(format!(
        "{listen} is not loopback, and without https passwords and tokens could be read on the way. Put a proxy with \
         https in front and set [server] public_url = \"https://...\"; or say [server] plain_http_beyond_loopback = true"
    ))
}

/// There and writable, or a folder that the first start can make.
fn data_folder(data: &Path) -> Option<String> {
    if data.exists() && !data.is_dir() {
        return Some(format!("{} is no folder", data.display()));
    }
    let there = data.ancestors().map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path });
    let there = there.into_iter().find(|path| path.exists())?;
    let allowed = access(there, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK);
    allowed.err().map(|error| format!("{} cannot be written to by this user: {error}", there.display()))
}

fn database(url: &str) -> Option<String> {
    if let Some(path) = url.strip_prefix("sqlite://") {
        let folder = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty())?;
        return data_folder(folder);
    }
    store::check_address(url).err().map(|error| error.to_string())
}

fn catalogue(path: &Path) -> Option<String> {
    match fs::read_to_string(path) {
        Err(error) => Some(format!("the Runtime catalogue {} cannot be read: {error}", path.display())),
        Ok(text) => {
            let read = Catalogue::from_json(&text);
            read.err().map(|error| format!("the Runtime catalogue {}: {error}", path.display()))
        }
    }
}

fn provider(config: &Config, roles: &Roles) -> Option<String> {
    let oidc = config.oidc.as_ref()?;
    // What is wrong with the file itself was told with it.
    oidc.check().ok()?;
    let checked = oidc.settings(config.server.public_url.as_deref()).and_then(|settings| settings.check_roles(roles));
    checked.err().map(|error| error.to_string())
}

fn export(config: &Config) -> Option<BadExport> {
    let elasticsearch = config.export.elasticsearch.as_ref()?;
    elasticsearch.check().ok()?;
    elasticsearch.settings().err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Reading;

    fn said(text: &str, place: &Place) -> Vec<String> {
        let reading = Reading::text(text);
        assert_eq!(reading.problems, []);
        let in_a_line = |p: Problem| format!("{}: {}", p.key.unwrap_or_default(), p.message);
        problems_outside(&reading.config, place).into_iter().map(in_a_line).collect()
    }

    fn place(folder: &Path) -> Place {
        let database = format!("sqlite://{}", folder.join("backstep.db").display());
        Place { listen: "127.0.0.1:7411".parse().unwrap(), data: folder.to_owned(), database }
    }

    #[test]
    fn what_is_named_and_not_there_is_told_all_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("plain");
        fs::write(&plain, "no program").unwrap();
        let text = format!(
            "runtimes = '/nowhere/runtimes.json'\n[server]\npublic_url = 'https://b.example'\n[access]\nroles = \
             '/nowhere/roles.yaml'\n[oidc]\nissuer = 'https://a.example'\nclient_id = 'b'\nclient_secret_file = \
             '/nowhere/secret'\n[export.elasticsearch]\nurl = 'https://e.example'\napi_key_file = '/nowhere/key'\n\
             [targets.gone]\nkind = 'directory'\nroot = '/nowhere/dags'\n[targets.relative]\nkind = 'directory'\nroot = \
             'dags'\n[targets.no-program]\nkind = 'command'\nprogram = ['{}']\n[targets.no-name]\nkind = 'command'\n\
             program = ['backstep-no-such-program']",
            plain.display()
        );
        let said = said(&text, &place(folder.path()));
        for part in [
            "runtimes: the Runtime catalogue /nowhere/runtimes.json cannot be read",
            "access.roles: ",
            "oidc: [oidc] client_secret_file /nowhere/secret cannot be read",
            "export.elasticsearch: [export.elasticsearch] api_key_file /nowhere/key cannot be read",
            "targets.gone: The target's folder /nowhere/dags is missing",
            "targets: [targets.relative] root",
            "targets.no-program: The program ",
            "targets.no-name: The program backstep-no-such-program is not there",
        ] {
            assert!(said.iter().any(|line| line.contains(part)), "{part} is not among {said:#?}");
        }
    }

    #[test]
    fn the_place_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let good = place(folder.path());
        assert_eq!(said("", &good), Vec::<String>::new());
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(said("", &Place { data: file, ..good.clone() })[0].contains("is no folder"));
        let bad = said("", &Place { database: "mysql://a:hush@b/c".to_owned(), ..good.clone() });
        assert!(bad[0].starts_with("server.database: ") && !bad[0].contains("hush"), "{bad:?}");
        let open = said("", &Place { listen: "0.0.0.0:80".parse().unwrap(), ..good });
        assert!(open[0].contains("is not loopback"), "{open:?}");
    }
}
