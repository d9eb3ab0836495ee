//! Child processes: a built binary as Lambda would start it, its output line by line, and what it costs.

use std::ffi::{OsStr, OsString};
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// Linux reports processor time to programs in hundredths of a second, on every architecture Lambda has.
const TICKS_PER_SECOND: u64 = 100;

/// What to start. The child gets `PATH` and what is given here, nothing else from this process's environment.
#[derive(Debug, Clone)]
pub struct Launch {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: Option<PathBuf>,
}

impl Launch {
    /// A program by its path.
    #[must_use]
    pub fn new(program: impl AsRef<Path>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: None,
        }
    }

    /// A binary as the bootstrap of a Lambda function that has the binary's name, in front of the Runtime API at `address`.
    #[must_use]
    pub fn lambda(binary: impl AsRef<Path>, address: &str) -> Self {
        let name = binary
            .as_ref()
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Self::new(&binary)
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "test")
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Sets a variable; a later value replaces an earlier one.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Sets several variables.
    #[must_use]
    pub fn envs<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        variables
            .into_iter()
            .fold(self, |launch, (name, value)| launch.env(name, value))
    }

    /// The working directory; that of this process otherwise.
    #[must_use]
    pub fn current_dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder = Some(folder.as_ref().to_owned());
        self
    }

    /// Starts it. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn spawn(&self) -> Result<Process> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let spawned_at = Instant::now();
        let mut child = command.spawn().map_err(|error| {
            Error::new(error.kind(), format!("{}: {error}", self.program.display()))
        })?;
        let id = child
            .id()
            .ok_or_else(|| Error::other("the process has no id"))?;
        let stdout = capture(child.stdout.take());
        let stderr = capture(child.stderr.take());
        Ok(Process {
            child,
            id,
            spawned_at,
            stdout,
            stderr,
        })
    }
}

/// Reads lines into a shared list until the pipe is closed; dropping the sender marks the end.
fn capture(pipe: Option<impl AsyncRead + Unpin + Send + 'static>) -> watch::Receiver<Vec<String>> {
    let (sender, receiver) = watch::channel(Vec::new());
    if let Some(pipe) = pipe {
        tokio::spawn(async move {
            let mut reader = BufReader::new(pipe);
            let mut line = Vec::new();
            while let Ok(1..) = reader.read_until(b'\n', &mut line).await {
                let text = String::from_utf8_lossy(&line)
                    .trim_end_matches(['\r', '\n'])
                    .to_owned();
                sender.send_modify(|lines| lines.push(text));
                line.clear();
            }
        });
    }
    receiver
}

/// A running child. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    id: u32,
    spawned_at: Instant,
    stdout: watch::Receiver<Vec<String>>,
    stderr: watch::Receiver<Vec<String>>,
}

impl Process {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The moment just before it was started.
    #[must_use]
    pub fn spawned_at(&self) -> Instant {
        self.spawned_at
    }

    /// The lines it has written to its standard output so far.
    #[must_use]
    pub fn stdout(&self) -> Vec<String> {
        self.stdout.borrow().clone()
    }

    /// The lines it has written to its standard error so far.
    #[must_use]
    pub fn stderr(&self) -> Vec<String> {
        self.stderr.borrow().clone()
    }

    /// The first line of either output for which `wanted` holds, also one that comes within `limit`.
    ///
    /// # Errors
    /// When there is none until then, or the process has closed its outputs without it; the message has the output.
    pub async fn wait_for_line(
        &self,
        limit: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<String> {
        let find = |lines: &Vec<String>| lines.iter().find(|line| wanted(line)).cloned();
        let search = |mut lines: watch::Receiver<Vec<String>>| async move {
            lines
                .wait_for(|lines| find(lines).is_some())
                .await
                .ok()
                .and_then(|lines| find(&lines))
        };
        let both = async {
            let (out, err) = (search(self.stdout.clone()), search(self.stderr.clone()));
            tokio::pin!(out, err);
            tokio::select! {
                Some(line) = &mut out => Some(line),
                Some(line) = &mut err => Some(line),
                else => None,
            }
        };
        let found = tokio::time::timeout(limit, both).await.ok().flatten();
        found.ok_or_else(|| {
            Error::new(
                ErrorKind::TimedOut,
                format!(
                    "the line did not come; output: {:#?} {:#?}",
                    self.stdout(),
                    self.stderr()
                ),
            )
        })
    }

    /// Waits for its end, at most `limit`, and for the last of its output.
    ///
    /// # Errors
    /// When it is still running then (it goes on running).
    pub async fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let status = tokio::time::timeout(limit, self.child.wait())
            .await
            .map_err(|_| Error::new(ErrorKind::TimedOut, "the process is still running"))??;
        for lines in [&mut self.stdout, &mut self.stderr] {
            // An error is what is waited for: the reader is done. A grandchild may hold the pipe open, hence the limit.
            let _ = tokio::time::timeout(Duration::from_secs(2), lines.wait_for(|_| false))
                .await
                .map(drop);
        }
        Ok(status)
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Kills it at once (SIGKILL), as Lambda does at a deadline, and waits for its end.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await
    }

    /// The most memory it has had resident, in bytes (`VmHWM`). Only while it runs.
    ///
    /// # Errors
    /// When the process has ended, or there is no `/proc`.
    pub fn peak_resident(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line
            .and_then(|line| line.trim().strip_suffix(" kB"))
            .and_then(|number| number.trim().parse::<u64>().ok());
        kilobytes
            .map(|kilobytes| kilobytes * 1024)
            .ok_or_else(|| Error::other("no VmHWM: the process has ended"))
    }

    /// The processor time of all its threads, user and system together, to a hundredth of a second. Only while it runs.
    ///
    /// # Errors
    /// When the process has ended, or there is no `/proc`.
    pub fn cpu_time(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id))?;
        // The second field, the name, may hold anything; it ends at the last parenthesis. After it: state (3), …, utime (14), stime (15).
        let fields = stat
            .rsplit_once(')')
            .map(|(_, rest)| rest.split_whitespace().collect::<Vec<_>>())
            .unwrap_or_default();
        let ticks = |index: usize| {
            fields
                .get(index)
                .and_then(|field| field.parse::<u64>().ok())
        };
        let total = ticks(11)
            .zip(ticks(12))
            .map(|(user, system)| user + system)
            .ok_or_else(|| Error::other("unreadable /proc stat"))?;
        Ok(Duration::from_millis(total * 1000 / TICKS_PER_SECOND))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn output_and_environment() {
        let script = r#"echo "out $GIVEN ${HOME-unset} $AWS_LAMBDA_FUNCTION_NAME"; echo err >&2; printf tail; exit 3"#;
        let mut process = Launch::lambda("/bin/sh", "127.0.0.1:1")
            .env("GIVEN", "first")
            .env("GIVEN", "given")
            .arg("-c")
            .arg(script)
            .spawn()
            .unwrap();
        assert_eq!(
            process
                .wait_for_line(LIMIT, |line| line.starts_with("err"))
                .await
                .unwrap(),
            "err"
        );
        assert_eq!(process.wait(LIMIT).await.unwrap().code(), Some(3));
        assert_eq!(process.stdout(), ["out given unset sh", "tail"]);
        assert_eq!(process.stderr(), ["err"]);
        assert!(
            process
                .wait_for_line(LIMIT, |line| line == "never")
                .await
                .is_err()
        );
        assert!(process.peak_resident().is_err());
    }

    #[tokio::test]
    async fn costs_are_read_and_a_drop_kills() {
        let process = Launch::new("/bin/sh").arg("-c").arg("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo ready; while :; do sleep 1; done").spawn().unwrap();
        process
            .wait_for_line(Duration::from_secs(60), |line| line == "ready")
            .await
            .unwrap();
        assert!(process.peak_resident().unwrap() > 100_000);
        assert!(process.cpu_time().unwrap() > Duration::ZERO);
        let status = PathBuf::from(format!("/proc/{}/status", process.id()));
        drop(process);
        let start = Instant::now();
        while std::fs::read_to_string(&status).is_ok_and(|text| !text.contains("(zombie)")) {
            assert!(start.elapsed() < LIMIT, "still alive");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
