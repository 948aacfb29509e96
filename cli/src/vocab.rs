//! `comptok vocab`.

use crate::io::print;
use crate::{Answer, Failure};

/// Lists the bundled tokenizers.
pub(crate) fn list(json: bool) -> Result<Answer, Failure> {
    let mut text = String::new();
    if !json {
        text += &format!(
            "{:<12} {:>7} {:>9} {:>9} fingerprint\n",
            "name", "tokens", "ids below", "bytes"
        );
    }
    for (name, tokenizer) in comptok::vocab::all() {
        let (tokens, limit) = (tokenizer.vocab_size(), tokenizer.id_limit());
        let (bytes, fingerprint) = (tokenizer.as_bytes().len(), hex(&tokenizer.fingerprint()));
        if json {
            let row = serde_json::json!({
                "name": name,
                "vocab_size": tokens,
                "id_limit": limit,
                "blob_bytes": bytes,
                "fingerprint": fingerprint,
            });
            text += &format!("{row}\n");
        } else {
            text += &format!("{name:<12} {tokens:>7} {limit:>9} {bytes:>9} {fingerprint}\n");
        }
    }
    print(text.as_bytes())?;
    Ok(Answer::Yes)
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
