//! What is installed beside the program: completion scripts and manual pages, made from the definition of the arguments.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use rollcall_connector::{Code, Error, ErrorType};

const COMPLETION_EXAMPLES: &str = "\
README.md (Install) says what bash and zsh need.

Examples:
  rollcall completion bash > ~/.local/share/bash-completion/completions/rollcall
  rollcall completion zsh > ~/.zfunc/_rollcall
  rollcall completion fish > ~/.config/fish/completions/rollcall.fish";

#[derive(Debug, Args)]
#[command(after_help = COMPLETION_EXAMPLES)]
pub(crate) struct CompletionArgs {
    /// The shell
    shell: Shell,
}

const MAN_EXAMPLES: &str = "\
Examples:
  rollcall man ~/.cargo/share/man/man1
  man rollcall
  man rollcall-sync";

#[derive(Debug, Args)]
#[command(after_help = MAN_EXAMPLES)]
pub(crate) struct ManArgs {
    /// The folder to write to, one page for each command; it is created if it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// The completion script of a shell.
pub(crate) fn completion(args: &CompletionArgs, mut command: Command) -> String {
    // Not to standard output at once: the generator panics if nobody reads it.
    let mut script = Vec::new();
    let name = command.get_name().to_owned();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Writes a manual page for the program and for each of its commands.
pub(crate) fn manual(args: &ManArgs, command: Command) -> Result<(), Error> {
    let folder = &args.folder;
    let written = fs::create_dir_all(folder);
    let written = written.and_then(|()| clap_mangen::generate_to(command, folder));
    written.map_err(|e| {
        Error::new(
            ErrorType::Misconfigured,
            Code::ManualNotWritten,
            format!("could not write the manual pages to {}", folder.display()),
            "Name a folder that you may write to, such as ~/.cargo/share/man/man1.",
        )
        .with_source(e)
    })
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, ValueEnum};

    use super::*;
    use crate::args::Cli;

    /// The page and the name of a command, and of all commands below it.
    fn pages(command: &Command, above: &str) -> Vec<(String, String)> {
        let name = command.get_name();
        let page = format!("{above}{name}");
        let below = command.get_subcommands().flat_map(|c| pages(c, &format!("{page}-")));
        below.chain([(page.clone(), name.to_owned())]).collect()
    }

    #[test]
    fn each_command_is_completed_by_every_shell_and_has_a_manual_page() {
        let folder = tempfile::tempdir().expect("a folder");
        let man = ManArgs { folder: folder.path().join("share/man1") };
        manual(&man, Cli::command()).expect("written");
        let script = |shell: &Shell| completion(&CompletionArgs { shell: *shell }, Cli::command());
        let scripts: Vec<_> = Shell::value_variants().iter().map(script).collect();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
        for (page, name) in pages(&Cli::command(), "") {
            assert!(man.folder.join(format!("{page}.1")).is_file(), "{page}");
            let has = |script: &String| script.split(|c| !is_part(c)).any(|word| word == name);
            assert!(scripts.iter().all(has), "{page}");
        }
        let error = manual(&ManArgs { folder: "/dev/null/man1".into() }, Cli::command());
        assert_eq!(error.expect_err("no folder").code(), "ManualNotWritten");
    }
}
