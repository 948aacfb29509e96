//! Prints how few tokens a line of a log is, with the vocabulary that build.rs has trained.

use comptok::Tokenizer;

static LOG: Tokenizer = comptok::include_baked!("log");

fn main() {
    let line = "2026-03-05T11:02:33Z INFO server: GET /orders status=200 time=35ms\n";
    let ids = LOG.encode_ordinary(line);
    println!("{} bytes, {} tokens", line.len(), ids.len());
    assert_eq!(LOG.decode(&ids).as_deref(), Ok(line));
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptok::Special;

    #[test]
    fn the_vocabulary_is_what_the_build_script_asked_for() {
        assert_eq!(LOG.vocab_size(), 400);
        assert_eq!(LOG.encode("<|end|>", Special::All).as_deref(), Ok(&[0][..]));
        // Frequent words are one token.
        for word in [" INFO", " server", " status", " /"] {
            assert_eq!(LOG.encode_ordinary(word).len(), 1, "{word}");
        }
        // And any text at all can be encoded.
        let text = "päter 🎉\0";
        assert_eq!(LOG.decode(&LOG.encode_ordinary(text)).as_deref(), Ok(text));
    }
}
