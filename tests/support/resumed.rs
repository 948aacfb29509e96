//! A text a slice at a time.

use comptok::{EncodeError, Options, Scratch, Special, Tokenizer};

/// All ids of a text, `room` at a time; as many as `more` says where there is no other way.
pub(crate) fn resumed<T: AsRef<[u8]> + ?Sized>(
    tokenizer: &Tokenizer,
    text: &T,
    special: Special<'_>,
    room: usize,
    more: impl Fn(usize) -> usize,
) -> Vec<u32> {
    let (mut all, mut at, mut slice) = (Vec::new(), 0, vec![0; room]);
    let mut scratch = Scratch::new();
    loop {
        // The prefix space may be a token of its own, which covers nothing.
        let options = Options { continued: at > 0 || !all.is_empty(), ..Options::new(special) };
        match tokenizer.encode_to_slice(&text.as_ref()[at..], options, &mut slice, &mut scratch) {
            Ok(written) => {
                all.extend_from_slice(&slice[..written]);
                return all;
            }
            Err(EncodeError::Full { written, consumed }) => {
                all.extend_from_slice(&slice[..written]);
                at += consumed;
                if consumed == 0 {
                    slice.resize(more(slice.len()), 0);
                }
            }
            Err(error) => panic!("{error}"),
        }
    }
}
