//! Counts the tokens of files: `count FILE…`.

use comptok::vocab::CL100K_BASE;

fn main() -> std::io::Result<()> {
    for file in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&file)?;
        println!("{} {file}", CL100K_BASE.count_ordinary(&text));
    }
    Ok(())
}
