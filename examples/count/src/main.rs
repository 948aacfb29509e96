//! Counts the tokens of files, or of standard input, with a vocabulary that is part of the program.

use comptok::vocab::CL100K_BASE;
use std::{env, error::Error, fs, io, io::Read};

fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<_> = env::args_os().skip(1).collect();
    if files.is_empty() {
        let mut text = Vec::new();
        io::stdin().read_to_end(&mut text)?;
        println!("{}", CL100K_BASE.count_ordinary(&text));
    }
    for file in files {
        let text = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        println!("{} {}", CL100K_BASE.count_ordinary(&text), file.display());
    }
    Ok(())
}
