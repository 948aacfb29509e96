//! The comptok command.

mod args;
mod bake;
mod convert;
mod count;
mod cpu;
mod decode;
mod encode;
mod full;
mod ids;
mod inspect;
mod io;
mod lines;
mod probes;
mod progress;
mod show;
mod source;
mod steps;
mod text;
mod train;
mod vocab;
mod windows;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Cli, Command, Vocab};

/// Why a command ends early.
#[derive(Debug)]
enum Failure {
    /// The data is at fault.
    Data(String),
    /// The command line is at fault.
    Usage(String),
    /// Whoever read the output has seen enough.
    Closed,
}

impl Failure {
    fn data(message: impl Into<String>) -> Self {
        Self::Data(message.into())
    }

    /// An operation on a file or stream that failed.
    fn io(name: impl std::fmt::Display, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Data(format!("{name}: {error}")),
        }
    }
}

/// What a command that went through has to say by its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
}

fn run(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Encode(args) => encode::run(&args),
        Command::Decode(args) => decode::run(&args),
        Command::Count(args) => count::run(&args),
        Command::Bake(args) => bake::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Train(args) => train::train(&args),
        Command::CountWords(args) => train::count_words(&args),
        Command::Vocab(Vocab::List { json }) => vocab::list(json),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "comptok", &mut text);
            io::print(&text)?;
            Ok(Answer::Yes)
        }
    }
}

fn main() -> ExitCode {
    let (message, code) = match run(Cli::parse().command) {
        Ok(Answer::Yes) | Err(Failure::Closed) => return ExitCode::SUCCESS,
        Ok(Answer::No) => return ExitCode::FAILURE,
        Err(Failure::Data(message)) => (message, 1),
        Err(Failure::Usage(message)) => (message, 2),
    };
    io::complain(&message);
    ExitCode::from(code)
}
