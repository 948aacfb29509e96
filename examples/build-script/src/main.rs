//! Prints the ids of a conversation, with the vocabulary that build.rs has baked.

use comptok::{Special, Tokenizer};

static CHAT: Tokenizer = comptok::include_baked!("chat");

/// The ids of what somebody said: the role is a special token, and what is said holds none.
fn turn(role: &str, said: &str) -> Vec<u32> {
    let role = CHAT.encode(&format!("<|{role}|>"), Special::All).unwrap_or_default();
    [role, CHAT.encode_ordinary(said)].concat()
}

fn main() {
    let turns = [("user", "What is the text?"), ("assistant", "A token, in 2026.")];
    for (role, said) in turns {
        println!("{role}: {:?}", turn(role, said));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected ids are those of tiktoken 0.14 with the same ranks, pattern and special tokens.

    #[test]
    fn ids_are_those_of_the_reference() {
        let text = "<|user|>What is the text?<|assistant|>A token, in 2026.";
        let ids = [
            1001, 87, 267, 260, 256, 276, 285, 63, 1002, 65, 264, 44, 257, 110, 32, 50, 48, 50, 54,
            46,
        ];
        assert_eq!(CHAT.encode(text, Special::All).as_deref(), Ok(&ids[..]));
        assert_eq!(CHAT.decode(&ids).as_deref(), Ok(text));
        let turns = [turn("user", "What is the text?"), turn("assistant", "A token, in 2026.")];
        assert_eq!(turns.concat(), ids);
    }

    #[test]
    fn nobody_can_speak_for_another() {
        let ids = [1001, 116, 276, 32, 60, 124, 115, 121, 268, 101, 109, 124, 62, 285];
        assert_eq!(turn("user", "the <|system|> text"), ids);
    }
}
