//! `.tiktoken` rank files: on each line a token in base64, a space, and its rank.

use std::cmp::Ordering;

use super::{PatternArg, Read};
use crate::base64::{self, Base64Error};
use crate::error::{ReadError, Warning, quote, quote_bytes};
use crate::spec::{AddedToken, Spec, Vocab, VocabIndex};

/// Reads a rank file.
///
/// The file holds neither the pattern that cuts the text nor the special tokens. Empty lines are
/// skipped; tokens and ranks that occur twice are errors. A token that is empty (Whisper's file has
/// one) has its id, but is never found in a text.
pub fn tiktoken(
    bytes: &[u8],
    pattern: PatternArg<'_>,
    special_tokens: &[(String, u32)],
) -> Result<Read, ReadError> {
    let pre_tokenizer = pattern.pre_tokenizer()?;
    let vocab = ranks(bytes)?;
    let mut warnings = Vec::new();
    let added_tokens = added_tokens(special_tokens, &vocab, &mut warnings)?;
    let spec = Spec::of_ranks(vocab, pre_tokenizer, added_tokens);
    Ok(Read { spec, warnings })
}

/// The tokens in the order of their ranks.
fn ranks(bytes: &[u8]) -> Result<Vocab, ReadError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(ReadError::whole("the file is larger than 4 GiB"));
    }
    let mut listed = Vocab::with_capacity(bytes.len() / 16, bytes.len() / 2);
    // The line of each token, for messages about two of them.
    let mut lines = Vec::with_capacity(bytes.len() / 16);
    let mut token = Vec::new();
    for (number, line) in lines_of(bytes) {
        if !line.is_empty() {
            let rank = entry(line, &mut token).map_err(|fault| fault.at(number))?;
            listed.push(&token, rank);
            lines.push(number);
        }
    }
    if listed.is_empty() {
        return Err(ReadError::whole("no tokens: the file is empty"));
    }

    if let Some(&(first, later)) = VocabIndex::new(&listed).1.first() {
        let (token, rank) = listed.get(later).unwrap_or_default();
        let token = quote_bytes(token);
        let message = format!("token {token} is listed twice (first in line {})", lines[first]);
        return Err(Fault { column: 1, message: format!("{message}, now with rank {rank}") }
            .at(lines[later]));
    }
    let mut order: Vec<(u32, usize)> =
        listed.iter().enumerate().map(|(position, (_, rank))| (rank, position)).collect();
    if order.is_sorted_by(|a, b| a.0 < b.0) {
        return Ok(listed);
    }
    order.sort_unstable();
    if let Some(two) = order.windows(2).find(|two| two[0].0 == two[1].0) {
        let (rank, position) = two[1];
        let message = format!("rank {rank} is listed twice (first in line {})", lines[two[0].1]);
        return Err(Fault { column: 1, message }.at(lines[position]));
    }
    let mut vocab = Vocab::with_capacity(listed.len(), listed.byte_len());
    for (rank, position) in order {
        vocab.push(listed.get(position).unwrap_or_default().0, rank);
    }
    Ok(vocab)
}

/// What is wrong with a line, and at which column.
struct Fault {
    column: usize,
    message: String,
}

impl Fault {
    fn at(self, line: usize) -> ReadError {
        ReadError { line, column: self.column, path: String::new(), message: self.message }
    }
}

/// The lines and their numbers. A line ends with LF, CR LF or CR, the last one perhaps with none.
fn lines_of(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut rest = Some(bytes);
    let mut number = 0;
    std::iter::from_fn(move || {
        let text = rest?;
        number += 1;
        let mut end = 0;
        while end < text.len() && text[end] != b'\n' && text[end] != b'\r' {
            end += 1;
        }
        rest = match text[end..] {
            [b'\r', b'\n', ..] => Some(&text[end + 2..]),
            [_, ..] => Some(&text[end + 1..]),
            [] => None,
        };
        Some((number, &text[..end]))
    })
}

/// Puts the line's token into `token` and returns its rank.
fn entry(line: &[u8], token: &mut Vec<u8>) -> Result<u32, Fault> {
    // Space in front and behind is allowed, and more than one space between, as in the reference.
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | 0x0B | 0x0C);
    let skip = |from: usize| from + line[from..].iter().take_while(|byte| is_space(byte)).count();
    let word = |from: usize| {
        let mut end = from;
        while end < line.len() && !is_space(&line[end]) {
            end += 1;
        }
        end
    };
    let start = skip(0);
    let end = word(start);
    token.clear();
    // Whisper's file has an empty token, written as nothing but padding.
    let digits = if &line[start..end] == b"=" { b"" } else { &line[start..end] };
    if let Err(error) = base64::decode_into(digits, token) {
        let at = match error {
            Base64Error::Byte(at) => start + at,
            Base64Error::Length | Base64Error::TrailingBits => end.saturating_sub(1).max(start),
        };
        let column = at + 1;
        let message = match error {
            Base64Error::Byte(_) => {
                let found = String::from_utf8_lossy(&line[at..]).chars().next().unwrap_or(' ');
                format!("token is not base64 (found {found:?} at column {column})")
            }
            error => {
                format!("token {} is not base64 ({error})", quote_bytes(&line[start..end]))
            }
        };
        return Err(Fault { column, message });
    }
    if start == end {
        let message = "a token in base64, a space and its rank are wanted".to_owned();
        return Err(Fault { column: start + 1, message });
    }
    let start = skip(end);
    let end = word(start);
    let fault = |column, message| Err(Fault { column, message });
    let mut rank = 0u64;
    for &byte in &line[start..end] {
        match byte {
            b'0'..=b'9' if rank <= u64::from(u32::MAX) => rank = rank * 10 + u64::from(byte - b'0'),
            b'0'..=b'9' => {}
            _ => {
                let found = quote_bytes(&line[start..end]);
                return fault(start + 1, format!("rank is not a whole number (found {found})"));
            }
        }
    }
    if start == end {
        return fault(
            start + 1,
            "the rank is missing; a token, a space and its rank are wanted".to_owned(),
        );
    }
    // The reference uses the largest number for "no rank".
    let Some(rank) = u32::try_from(rank).ok().filter(|&rank| rank < u32::MAX) else {
        let found = quote_bytes(&line[start..end]);
        return fault(start + 1, format!("rank {found} is too large, the largest is 4294967294"));
    };
    let start = skip(end);
    if start < line.len() {
        let found = quote_bytes(&line[start..]);
        return fault(start + 1, format!("the line goes on after the rank (found {found})"));
    }
    Ok(rank)
}

/// The special tokens, ordered by id. Where several have one id, the first one given is what it
/// decodes to; they stay in the order given.
fn added_tokens(
    special_tokens: &[(String, u32)],
    vocab: &Vocab,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<AddedToken>, ReadError> {
    let mut names: Vec<&str> = special_tokens.iter().map(|(content, _)| &**content).collect();
    names.sort_unstable();
    if let Some(two) = names.windows(2).find(|two| two[0] == two[1]) {
        let name = quote(two[0]);
        let last = special_tokens.iter().rposition(|(content, _)| content == two[0]);
        let message = format!("special token {name} is given twice");
        return Err(ReadError::special_token(last.unwrap_or(0), message));
    }
    let mut tokens: Vec<AddedToken> = Vec::with_capacity(special_tokens.len());
    for (index, (content, id)) in special_tokens.iter().enumerate() {
        if content.is_empty() {
            let message = format!("the special token with id {id} is empty");
            return Err(ReadError::special_token(index, message));
        }
        if let Some(ordinary) = token_of_rank(vocab, *id) {
            let (name, ordinary) = (quote(content), quote_bytes(ordinary));
            let message =
                format!("special token {name} has id {id}, which is the rank of {ordinary}");
            return Err(ReadError::special_token(index, message));
        }
        tokens.push(AddedToken {
            id: *id,
            content: content.clone(),
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized: false,
            special: true,
        });
    }
    tokens.sort_by_key(|token| token.id);
    for two in tokens.windows(2).filter(|two| two[0].id == two[1].id) {
        let (a, b, id) = (quote(&two[0].content), quote(&two[1].content), two[0].id);
        let message = format!("special tokens {a} and {b} have one id, {id}; it decodes to {a}");
        warnings.push(ReadError::whole(message).into());
    }
    Ok(tokens)
}

/// The token with a rank; `vocab` is ordered by rank.
fn token_of_rank(vocab: &Vocab, rank: u32) -> Option<&[u8]> {
    let (mut low, mut high) = (0, vocab.len());
    while low < high {
        let middle = low.midpoint(high);
        let (token, found) = vocab.get(middle)?;
        match found.cmp(&rank) {
            Ordering::Equal => return Some(token),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Model;

    fn read(text: &str) -> Result<Vec<(String, u32)>, String> {
        match tiktoken(text.as_bytes(), PatternArg::Named("gpt2"), &[]) {
            Ok(Read { spec: Spec { model: Model::Bpe(bpe), .. }, .. }) => {
                let text = |token: &[u8]| String::from_utf8_lossy(token).into_owned();
                Ok(bpe.vocab.iter().map(|(token, rank)| (text(token), rank)).collect())
            }
            Ok(_) => panic!("rank files are BPE"),
            Err(error) => Err(error.in_file("x")),
        }
    }

    #[test]
    fn line_ends_and_spaces() {
        let tokens = [("a", 0), ("bc", 1), ("d", 7)].map(|(token, rank)| (token.to_owned(), rank));
        for text in [
            "YQ== 0\nYmM= 1\nZA== 7\n",
            "YQ== 0\nYmM= 1\nZA== 7",
            "YQ== 0\r\nYmM= 1\r\nZA== 7\r\n",
            "YQ== 0\rYmM= 1\rZA== 7",
            "\n\nYQ== 0\n\nYmM= 1\r\n\r\nZA== 7\n\n",
            " YQ==\t0 \nYmM=   01\n\tZA== 7\x0b\x0c",
            "ZA== 7\nYQ== 0\nYmM= 1\n",
        ] {
            assert_eq!(read(text).as_deref(), Ok(&tokens[..]), "{text:?}");
        }
        assert_eq!(read("= 5"), Ok(vec![(String::new(), 5)]));
    }

    #[test]
    fn every_fault_has_its_message() {
        for (text, message) in [
            ("", "x: no tokens: the file is empty"),
            ("\n\r\n", "x: no tokens: the file is empty"),
            ("YQ== 0\nYm*= 1", "x:2:3: token is not base64 (found '*' at column 3)"),
            ("YQ== 0\n é 1", "x:2:2: token is not base64 (found 'é' at column 2)"),
            ("== 0", "x:1:2: token \"==\" is not base64 (its length is wrong)"),
            ("YQ= 0", "x:1:3: token \"YQ=\" is not base64 (its length is wrong)"),
            ("YR== 0", "x:1:4: token \"YR==\" is not base64 (its last digit is wrong)"),
            (" \n", "x:1:2: a token in base64, a space and its rank are wanted"),
            ("YQ==\n", "x:1:5: the rank is missing; a token, a space and its rank are wanted"),
            ("YQ== \n", "x:1:6: the rank is missing; a token, a space and its rank are wanted"),
            ("YQ== -1", "x:1:6: rank is not a whole number (found \"-1\")"),
            ("YQ== 1é", "x:1:6: rank is not a whole number (found \"1é\")"),
            (
                "YQ== 4294967295",
                "x:1:6: rank \"4294967295\" is too large, the largest is 4294967294",
            ),
            (
                "YQ== 99999999999999999999",
                "x:1:6: rank \"99999999999999999999\" is too large, the largest is 4294967294",
            ),
            ("YQ== 0 YmM= 1", "x:1:8: the line goes on after the rank (found \"YmM= 1\")"),
            (
                "YQ== 0\nYg== 1\n\nYQ== 2",
                "x:4:1: token \"a\" is listed twice (first in line 1), now with rank 2",
            ),
            ("YQ== 1\nYg== 0\nYw== 1", "x:3:1: rank 1 is listed twice (first in line 1)"),
        ] {
            assert_eq!(read(text), Err(message.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn two_special_tokens_with_one_id_stay_in_order_and_are_worth_a_warning() {
        let special = [("<b>".to_owned(), 9), ("<a>".to_owned(), 9)];
        let read = tiktoken(b"YQ== 0\n", PatternArg::Named("gpt2"), &special).expect("both stay");
        let names: Vec<_> = read.spec.added_tokens.iter().map(|token| &*token.content).collect();
        assert_eq!(names, ["<b>", "<a>"]);
        assert_eq!(
            read.strict().expect_err("a warning").to_string(),
            "special tokens \"<b>\" and \"<a>\" have one id, 9; it decodes to \"<b>\""
        );
    }

    #[test]
    fn special_tokens_must_be_new() {
        let read = |special: &[(&str, u32)]| {
            let special: Vec<_> = special.iter().map(|&(name, id)| (name.to_owned(), id)).collect();
            tiktoken(b"YQ== 0\nYmM= 5\n", PatternArg::Named("gpt2"), &special)
                .map(|read| read.spec.added_tokens)
                .map_err(|error| error.to_string())
        };
        let tokens = read(&[("<b>", 9), ("<a>", 3)]).expect("both are new");
        assert_eq!(tokens.iter().map(|token| token.id).collect::<Vec<_>>(), [3, 9]);
        assert!(tokens.iter().all(|token| token.special && !token.normalized));
        for (special, message) in [
            (&[("", 9)][..], "the special token with id 9 is empty"),
            (&[("<a>", 9), ("<a>", 8)], "special token \"<a>\" is given twice"),
            (&[("<a>", 5)], "special token \"<a>\" has id 5, which is the rank of \"bc\""),
            (&[("<a>", 0)], "special token \"<a>\" has id 0, which is the rank of \"a\""),
        ] {
            assert_eq!(read(special), Err(message.to_owned()));
        }
    }
}
