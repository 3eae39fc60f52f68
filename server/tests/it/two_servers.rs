use super::support::{Place, Server};

/// With SQLite, a second server on the same data folder refuses to start, and says why.
#[test]
fn a_second_server_on_the_same_data_refuses_to_start() {
    let place = Place::new();
    let _first = Server::start(&place);
    let second = Server::command(&place, &[]).output().unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("another"), "{said}");
}

/// Passwords and tokens do not go over plain http beyond this machine, unless told so in so many words.
#[test]
fn plain_http_stays_on_loopback() {
    let place = Place::new();
    let command = Server::command(&place, &[]);
    let args: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    let mut open = std::process::Command::new(command.get_program());
    open.args(args.iter().map(|a| if a == "127.0.0.1:0" { "0.0.0.0:0".into() } else { a.clone() }));
    let output = open.env("BACKSTEP_SITE", place.path("site")).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("plain_http_beyond_loopback"));
}

/// The demo lets everybody in, so it listens on loopback only.
#[test]
fn the_demo_does_not_leave_the_machine() {
    let place = Place::new();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_backstep"));
    command.args(["serve", "--demo", "--listen", "0.0.0.0:0", "--data"]).arg(place.path("data"));
    let output = command.output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("loopback"));
}
