//! Child processes: a built binary as Lambda would start it, its output line by line, and its resource usage.

use std::io::{Error, Result};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// Linux reports processor time to programs in hundredths of a second, on every architecture Lambda has.
const TICKS_PER_SECOND: u64 = 100;

/// The command for a binary as the bootstrap of a Lambda function that has the binary's name, in front of the Runtime API at
/// `address`. The child gets `PATH` and what the command is given, nothing else from this process's environment.
pub fn lambda(binary: impl AsRef<Path>, address: &str) -> Command {
    let name = binary.as_ref().file_stem().unwrap_or_default().to_string_lossy();
    let (mut command, group) = (Command::new(binary.as_ref()), format!("/aws/lambda/{name}"));
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.envs([
        ("AWS_LAMBDA_RUNTIME_API", address),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &*group),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "test"),
        ("AWS_LAMBDA_FUNCTION_NAME", &*name),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ]);
    command
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
    /// Starts it. Must be called inside a tokio runtime.
    pub fn start(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let spawned_at = Instant::now();
        let mut child = command.kill_on_drop(true).spawn().map_err(|e| {
            let program = command.as_std().get_program().to_string_lossy();
            Error::new(e.kind(), format!("{program}: {e}"))
        })?;
        let (stdout, stderr) = (capture(child.stdout.take()), capture(child.stderr.take()));
        Ok(Self { child, spawned_at, stdout, stderr })
    }

    /// The process id; 0 once it has ended.
    pub fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

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

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) {
        // Nobody else waits for it, so that there is no error.
        let _ = self.child.wait().await;
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
}

/// The most memory that a running process has had resident, in bytes (`VmHWM`).
pub fn peak_resident(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    Ok(1024 * kilobytes.ok_or_else(|| Error::other("no VmHWM"))?)
}

/// The processor time of all threads of a running process, user and system together, to a hundredth of a second.
pub fn cpu_time(process: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field, the name, may hold anything; it ends at the last parenthesis. After it: state (3), …,
    // utime (14), stime (15).
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let times = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = times.filter_map(|time| time.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}
