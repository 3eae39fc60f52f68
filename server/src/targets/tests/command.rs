use std::time::{Duration, Instant};

use super::*;

const IMAGE: &str = "quay.io/acme/airflow:1.2@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

struct Place {
    folder: tempfile::TempDir,
    target: CommandTarget,
}

fn place(text: &str) -> Place {
    place_within(text, Duration::from_secs(20))
}

fn place_within(text: &str, limit: Duration) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let text = text.replace("HERE", &folder.path().display().to_string());
    let argv = program(folder.path(), &text);
    let target = CommandTarget::new("image".to_owned(), argv, limit, folder.path().to_owned(), [7; 32]);
    Place { folder, target }
}

impl Place {
    async fn act(&self) -> (Result<(), TargetError>, Vec<String>) {
        let (log, mut lines) = log();
        let outcome = self.target.act(&input(StepKind::SwitchImage, None, Some(IMAGE)), &log).await;
        (outcome, lines())
    }

    async fn refused(&self) -> String {
        self.act().await.0.unwrap_err().0
    }

    async fn observe(&self) -> Result<Observed, TargetError> {
        self.target.observe(&input(StepKind::SwitchImage, None, Some(IMAGE))).await
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }
}

#[tokio::test]
async fn the_program_is_asked_and_heard() {
    let place = place(
        r#"
json.dump(dict(request=request, env=sorted(os.environ), cwd=os.getcwd()), open("HERE/asked", "w"))
print(json.dumps({"log": "pulling\u0000 \u001b[32m"}), flush=True)
print("a note", file=sys.stderr, flush=True)
print(json.dumps({"done": True}))
"#,
    );
    let (outcome, lines) = place.act().await;
    outcome.unwrap();
    assert!(lines.contains(&"pulling\u{fffd} \u{fffd}[32m".to_owned()), "{lines:?}");
    assert!(lines.contains(&"a note".to_owned()), "{lines:?}");
    let asked: serde_json::Value = serde_json::from_str(&place.read("asked")).unwrap();
    assert_eq!(
        asked["request"],
        serde_json::json!({
            "protocol": 1, "verb": "act", "step": "switch_image",
            "deployment": { "id": "dep-1", "name": "analytics-prod" }, "deploy": { "number": 57 },
            "image": {
                "repository": "quay.io/acme/airflow", "tag": "1.2", "digest": format!("sha256:{}", digest_of('b')),
                "pinned": format!("quay.io/acme/airflow@sha256:{}", digest_of('b')),
            },
        })
    );
    let environment: Vec<_> = asked["env"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    // Python adds LC_CTYPE by itself.
    assert!(environment.iter().all(|name| ["PATH", "HOME", "LANG", "LC_CTYPE"].contains(name)), "{environment:?}");
}

#[tokio::test]
async fn observations_and_kept_settings_are_read() {
    let place = place(
        r#"
settings = [{"name": "A", "hash": request["hash_key"]}] if request["verb"] == "kept" else None
print(json.dumps({"observed": {"image": "x@sha256:1", "done": False, "settings": settings}}))
"#,
    );
    let seen = place.observe().await.unwrap();
    assert!(!seen.done && seen.detail.contains("x@sha256:1"));
    let kept = async |id: &str| place.target.kept(&DeploymentId::new(id)).await.unwrap().unwrap();
    let (one, two) = (kept("one").await, kept("two").await);
    assert_eq!(one[0].name, "A");
    assert_eq!(one[0].hash.len(), 64);
    assert_ne!(one[0].hash, two[0].hash, "each Deployment has a key of its own");
    assert!(!one[0].hash.contains(&hex::encode([7; 32])));
    assert_eq!(place.target.runs(&DeploymentId::new("d")).await.unwrap().image.as_deref(), Some("x@sha256:1"));
}

#[tokio::test]
async fn ability_is_asked_once_and_again_only_after_a_failure() {
    let place = place(
        r#"
with open("HERE/count", "a") as f: f.write("x")
if os.path.getsize("HERE/count") == 1: sys.exit(3)
print(json.dumps({"can": ["switch_image", "verify"], "database": False, "mechanism": False}))
"#,
    );
    assert!(place.target.ability().await.is_err());
    for _ in 0..3 {
        let ability = place.target.ability().await.unwrap();
        assert_eq!(ability.steps, [StepKind::SwitchImage, StepKind::Verify]);
        assert!(!ability.database && !ability.mechanism && ability.name == "image");
    }
    assert_eq!(place.read("count"), "xx");
}

#[tokio::test]
async fn a_program_that_fails_says_why() {
    let failed = place(r#"print(json.dumps({"failed": "the registry is away"})); sys.exit(1)"#).refused().await;
    assert_eq!(failed, "the registry is away");

    let exit =
        place(r#"print("first", file=sys.stderr); print("no disk", file=sys.stderr); sys.exit(4)"#).refused().await;
    assert!(exit.contains("exit status: 4") && exit.contains("first\nno disk"), "{exit}");

    let done_but = place(r#"print(json.dumps({"done": True}), flush=True); sys.exit(5)"#).refused().await;
    assert!(done_but.contains("exit status: 5"), "an exit code counts more than `done`: {done_but}");

    let silent = place("pass").refused().await;
    assert!(silent.contains("without saying that it is done"), "{silent}");

    let killed = place("os.kill(os.getpid(), 9)").refused().await;
    assert!(killed.contains("signal: 9"), "{killed}");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let argv = vec!["/nowhere/program".to_owned()];
    let limit = Duration::from_secs(5);
    let target = CommandTarget::new("image".to_owned(), argv, limit, folder.path().to_owned(), [0; 32]);
    let error = target.ability().await.unwrap_err().0;
    assert!(error.contains("/nowhere/program could not be started"), "{error}");
}

#[tokio::test]
async fn garbage_is_an_error_that_shows_it() {
    for garbage in ["Pulling fs layer", "[1]", "{\"nonsense\": 1}", "{\"done\": \"yes\"}"] {
        let text = format!("print('''{garbage}'''); print(json.dumps({{\"done\": True}}))");
        let error = place(&text).refused().await;
        assert!(error.contains("not of the protocol") && error.contains(garbage), "{error}");
    }
    let binary = place("sys.stdout.buffer.write(bytes([255, 0, 10]))").refused().await;
    assert!(binary.contains("not of the protocol"), "{binary}");
    let undecided = place(r#"print(json.dumps({"observed": {"image": "x"}}))"#).observe().await.unwrap_err().0;
    assert!(undecided.contains("`done` is missing"), "{undecided}");
}

#[tokio::test]
async fn much_output_is_cut_and_the_answer_still_heard() {
    let place = place(
        r#"
for i in range(12000): print(json.dumps({"log": "line %d" % i}))
print(json.dumps({"done": True}))
"#,
    );
    let (outcome, lines) = place.act().await;
    outcome.unwrap();
    assert_eq!(lines.len(), 10_001);
    assert!(lines.last().unwrap().contains("left out"));
}

#[tokio::test]
async fn long_lines_and_many_bytes_are_cut() {
    let place = place(
        r#"
print(json.dumps({"log": "é" * 100000}))
for i in range(400): print("e" * 9000, file=sys.stderr)
print(json.dumps({"done": True}))
"#,
    );
    let (outcome, lines) = place.act().await;
    outcome.unwrap();
    assert!(lines.iter().all(|line| line.len() <= 8_004), "no line is longer");
    assert!(lines.iter().map(String::len).sum::<usize>() < 1_010_000);
    assert!(lines.last().unwrap().contains("left out"));
}

#[tokio::test]
async fn a_line_without_end_does_not_fill_the_memory() {
    let error = place("sys.stdout.write('x' * 5_000_000)").refused().await;
    assert!(error.contains("not of the protocol") && error.len() < 1_000, "{}", error.len());
}

#[tokio::test]
async fn a_hung_program_is_stopped_with_all_that_it_started() {
    let place = place_within(
        r#"
import subprocess, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "60"])
open("HERE/child", "w").write(str(child.pid))
time.sleep(60)
"#,
        Duration::from_millis(1500),
    );
    let start = Instant::now();
    let error = place.refused().await;
    assert!(error.contains("did not end within 1.5 s"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(15));
    assert!(is_gone(&place.read("child")), "what it started is ended too");
}

#[tokio::test]
async fn what_a_program_leaves_running_is_ended() {
    let place = place(
        r#"
import subprocess
child = subprocess.Popen(["sleep", "60"])
open("HERE/child", "w").write(str(child.pid))
print(json.dumps({"done": True}))
"#,
    );
    let start = Instant::now();
    place.act().await.0.unwrap();
    assert!(start.elapsed() < Duration::from_secs(10));
    assert!(is_gone(&place.read("child")));
}

#[tokio::test]
async fn giving_up_ends_the_program() {
    let place = place("open('HERE/pid', 'w').write(str(os.getpid())); time.sleep(60)");
    let _ = tokio::time::timeout(Duration::from_secs(2), place.act()).await;
    assert!(is_gone(&place.read("pid")));
}

#[tokio::test]
async fn a_second_run_waits_for_the_orphan_of_a_killed_server() {
    let place = place(r#"print(json.dumps({"observed": {"done": os.path.exists("HERE/acted")}}))"#);
    // An orphan: the lock is open in it and nowhere else.
    let (lock, acted) = (place.folder.path().join("dep-1.lock"), place.folder.path().join("acted"));
    let orphan = format!("exec 9>{}; flock 9; sleep 1.5; touch {}", lock.display(), acted.display());
    let mut orphan = std::process::Command::new("sh").args(["-c", &orphan]).spawn().unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    let seen = place.observe().await.unwrap();
    assert!(seen.done, "observed only after the orphan had ended");
    orphan.wait().unwrap();
}

#[tokio::test]
async fn an_orphan_that_never_ends_is_named() {
    let place = place_within("print(json.dumps({'observed': {'done': True}}))", Duration::from_secs(1));
    let lock = place.folder.path().join("dep-1.lock");
    fs::write(&lock, "process 4711").unwrap();
    let orphan = format!("exec 9>>{}; flock 9; sleep 20", lock.display());
    let mut orphan = std::process::Command::new("sh").args(["-c", &orphan]).spawn().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let error = place.observe().await.unwrap_err().0;
    assert!(error.contains("process 4711") && error.contains("nothing was started beside it"), "{error}");
    orphan.kill().unwrap();
    orphan.wait().unwrap();
}

#[tokio::test]
async fn the_program_itself_holds_the_lock() {
    let place = place(
        r#"
import fcntl
with open("HERE/dep-1.lock") as other:
    try:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        locked = False
    except BlockingIOError:
        locked = True
inherited = os.path.realpath("/proc/self/fd/3")
print(json.dumps({"log": "locked %s %s" % (locked, os.path.basename(inherited))}))
print(json.dumps({"done": True}))
"#,
    );
    let (outcome, lines) = place.act().await;
    outcome.unwrap();
    assert_eq!(lines, ["locked True dep-1.lock"]);
    // And it is free afterwards.
    place.act().await.0.unwrap();
}

#[tokio::test]
async fn runs_of_one_deployment_never_overlap() {
    let place = place(
        r#"
busy = "HERE/busy"
fd = os.open(busy, os.O_CREAT | os.O_EXCL)
time.sleep(0.2)
os.remove(busy)
print(json.dumps({"done": True}))
"#,
    );
    let runs = futures::future::join_all((0..4).map(|_| place.act())).await;
    for (outcome, _) in runs {
        outcome.unwrap();
    }
}

fn is_gone(pid: &str) -> bool {
    let stat = format!("/proc/{}/stat", pid.trim());
    for _ in 0..50 {
        // A zombie is over; its parent is init, which may be slow.
        match fs::read_to_string(&stat) {
            Err(_) => return true,
            Ok(text) if text.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')) => return true,
            Ok(_) => std::thread::sleep(Duration::from_millis(40)),
        }
    }
    false
}
