//! The project's own chores: `cargo xtask help`.

mod generate;
mod nfc;
mod properties;
mod unicode;

use std::process::ExitCode;

/// Name, what it does, and the function that does it.
type Chore = (&'static str, &'static str, fn() -> Result<(), String>);

const CHORES: &[Chore] = &[
    ("nfc", "writes the NFC tables, tok-core/src/unicode/nfc_tables.rs", nfc::write),
    ("properties", "writes tok-bake/src/bake/dfa/properties.rs", properties::write),
    ("unicode", "writes the class tables, tok-core/src/unicode/classes.rs", unicode::write),
];

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let Some((_, _, run)) = CHORES.iter().find(|(name, ..)| *name == wanted) else {
        eprintln!("usage: cargo xtask CHORE");
        for (name, about, _) in CHORES {
            eprintln!("  {name:10} {about}");
        }
        return if matches!(&*wanted, "" | "help") { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{wanted}: {message}");
            ExitCode::FAILURE
        }
    }
}
