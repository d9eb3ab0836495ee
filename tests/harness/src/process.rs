//! Child processes: a built binary as Lambda would start it, its output line by line, and its resource usage.

use std::ffi::{OsStr, OsString};
use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// Linux reports processor time to programs in hundredths of a second, on every architecture Lambda has.
const TICKS_PER_SECOND: u64 = 100;

/// The program to start. The child's environment is `PATH` and the variables given here.
pub struct Launch {
    program: PathBuf,
    environment: Vec<(OsString, OsString)>,
}

impl Launch {
    /// A binary as the bootstrap of a Lambda function that has the binary's name, in front of the Runtime API at `address`.
    pub fn lambda(binary: impl AsRef<Path>, address: &str) -> Self {
        let program = binary.as_ref().to_owned();
        let name = program.file_stem().unwrap_or_default().to_string_lossy();
        let variables = [
            ("AWS_LAMBDA_RUNTIME_API", address.to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "test".into()),
            ("AWS_LAMBDA_FUNCTION_NAME", name.into_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".into()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into()),
        ];
        let environment = Vec::new();
        Self { program, environment }.envs(variables)
    }

    pub fn env(self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.envs([(name, value)])
    }

    pub fn envs<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let owned = |(n, v): (N, V)| (n.as_ref().to_owned(), v.as_ref().to_owned());
        self.environment.extend(variables.into_iter().map(owned));
        self
    }

    /// Starts it. Must be called inside a tokio runtime.
    pub fn spawn(&self) -> Result<Process> {
        let mut command = Command::new(&self.program);
        command.env_clear().stdin(Stdio::null()).kill_on_drop(true);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let spawned_at = Instant::now();
        let named = |e: Error| Error::new(e.kind(), format!("{}: {e}", self.program.display()));
        let mut child = command.spawn().map_err(named)?;
        let (stdout, stderr) = (capture(child.stdout.take()), capture(child.stderr.take()));
        Ok(Process { spawned_at, stdout, stderr, child })
    }
}

/// Reads lines into a shared list until the pipe is closed; dropping the sender marks the end.
fn capture(pipe: Option<impl AsyncRead + Unpin + Send + 'static>) -> watch::Receiver<Vec<String>> {
    let (sender, receiver) = watch::channel(Vec::new());
    if let Some(pipe) = pipe {
        tokio::spawn(async move {
            let (mut reader, mut line) = (BufReader::new(pipe), Vec::new());
            while let Ok(1..) = reader.read_until(b'\n', &mut line).await {
                let text = String::from_utf8_lossy(&line);
                let text = text.trim_end_matches(['\r', '\n']).to_owned();
                sender.send_modify(|lines| lines.push(text));
                line.clear();
            }
        });
    }
    receiver
}

/// A running child. Dropping it kills it.
pub struct Process {
    child: Child,
    spawned_at: Instant,
    stdout: watch::Receiver<Vec<String>>,
    stderr: watch::Receiver<Vec<String>>,
}

impl Process {
    pub fn spawned_at(&self) -> Instant {
        self.spawned_at
    }

    pub fn stdout(&self) -> Vec<String> {
        self.stdout.borrow().clone()
    }

    pub fn stderr(&self) -> Vec<String> {
        self.stderr.borrow().clone()
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Kills it at once (SIGKILL), as Lambda does at a deadline, and waits for its end and the last of its output.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await?;
        for lines in [&mut self.stdout, &mut self.stderr] {
            // An error is what is waited for: the reader is done.
            let _ = lines.wait_for(|_| false).await.map(drop);
        }
        Ok(())
    }

    /// The most memory it has had resident, in bytes (`VmHWM`). Only while it runs.
    pub fn peak_resident(&self) -> Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Ok(1024 * kilobytes.ok_or_else(|| Error::other("no VmHWM"))?)
    }

    /// The processor time of all its threads, user and system together, to a hundredth of a second. Only while it runs.
    pub fn cpu_time(&self) -> Result<Duration> {
        let stat = self.proc("stat")?;
        // The second field, the name, may hold anything; it ends at the last parenthesis. After it: state (3), …,
        // utime (14), stime (15).
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let times = fields.split_whitespace().skip(11).take(2);
        let ticks: u64 = times.filter_map(|time| time.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
    }

    fn proc(&self, file: &str) -> Result<String> {
        let id = self.child.id().unwrap_or_default();
        std::fs::read_to_string(format!("/proc/{id}/{file}"))
    }
}
