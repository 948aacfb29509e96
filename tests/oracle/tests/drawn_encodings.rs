//! Drawn encodings: cut, padded, put together and asked in any order, with the reference's beside them.

#[path = "drawn_encodings/files.rs"]
mod files;

use comptok::{
    Direction, FullOptions, Offsets, Padding, PaddingStrategy, Setting, Tokenizer, Truncation,
    TruncationStrategy,
};
use comptok_core::model::Random;
use comptok_oracle::{asked, on_seeds, same};
use files::{compare, file, is, one, text};
use serde_json::Value;
use tokenizers::{PaddingDirection, PaddingParams, TruncationDirection, TruncationParams};

type Pair = (comptok::Encoding, tokenizers::Encoding);

/// All that can be asked, about places that are there and others.
fn ask((ours, theirs): &Pair, random: &mut Random) -> Result<(), String> {
    for _ in 0..6 {
        let (at, sequence) = (random.below(ours.len() + 3), random.below(4));
        let word = random.below(8) as u32;
        // The reference takes any text of several that lie on each other.
        if texts_on_each_other(theirs) {
            continue;
        }
        same!(ours.token_to_sequence(at), theirs.token_to_sequence(at), "token_to_sequence({at})");
        same!(ours.token_to_chars(at), theirs.token_to_chars(at), "token_to_chars({at})");
        same!(ours.token_to_word(at), theirs.token_to_word(at), "token_to_word({at})");
        let name = format!("({word}, {sequence})");
        same!(
            ours.word_to_tokens(word, sequence),
            theirs.word_to_tokens(word, sequence),
            "word_to_tokens{name}"
        );
        same!(
            ours.word_to_chars(word, sequence),
            theirs.word_to_chars(word, sequence),
            "word_to_chars{name}"
        );
        let name = format!("({at}, {sequence})");
        same!(
            ours.char_to_token(at, sequence),
            theirs.char_to_token(at, sequence),
            "char_to_token{name}"
        );
        same!(
            ours.char_to_word(at, sequence),
            theirs.char_to_word(at, sequence),
            "char_to_word{name}"
        );
    }
    Ok(())
}

fn texts_on_each_other(theirs: &tokenizers::Encoding) -> bool {
    let saved = serde_json::to_value(theirs).expect("it can be saved");
    let ranges = saved["sequence_ranges"].as_object().expect("a map");
    let mut ranges: Vec<[u64; 2]> = ranges
        .values()
        .map(|range| ["start", "end"].map(|side| range[side].as_u64().expect("a place")))
        .collect();
    ranges.sort_unstable();
    ranges.windows(2).any(|two| two[0][1] > two[1][0])
}

/// Parts of it and of these; they are combined with others.
fn size(encoding: &comptok::Encoding) -> usize {
    1 + encoding.overflowing().iter().map(size).sum::<usize>()
}

struct Both {
    ours: Tokenizer,
    /// Without a post-processor.
    bare: Tokenizer,
    their_bare: tokenizers::Tokenizer,
    theirs: tokenizers::Tokenizer,
}

impl Both {
    fn encoded(&self, random: &mut Random) -> Result<Pair, String> {
        let text = text(random);
        let options = FullOptions {
            add_special_tokens: false,
            offsets: Offsets::Chars,
            ..FullOptions::default()
        };
        let theirs =
            self.their_bare.encode_char_offsets(text.as_str(), false).map_err(|e| e.to_string())?;
        // Not trimmed yet: what puts encodings together does it.
        let ours = self.bare.encode_full(&text, &options).map_err(|e| e.to_string())?;
        compare(&text, (&ours, &theirs))?;
        Ok((ours, theirs))
    }

    /// Puts encodings together, cut and padded.
    fn post_process(
        &self,
        first: Pair,
        second: Option<Pair>,
        random: &mut Random,
    ) -> Result<Option<Pair>, String> {
        let add = is(random, 2);
        let mut theirs = self.theirs.clone();
        let mut options = FullOptions {
            add_special_tokens: add,
            offsets: Offsets::Chars,
            ..FullOptions::default()
        };
        let mut name = format!("post_process(add {add}, pair {})", second.is_some());
        if is(random, 2) {
            let (max_length, stride) = (random.below(12), random.below(4));
            let strategy = random.below(3);
            let left = is(random, 2);
            name += &format!(", {max_length} {stride} {strategy} {left}");
            let params = TruncationParams {
                max_length,
                stride,
                strategy: [
                    tokenizers::TruncationStrategy::LongestFirst,
                    tokenizers::TruncationStrategy::OnlyFirst,
                    tokenizers::TruncationStrategy::OnlySecond,
                ][strategy],
                direction: if left {
                    TruncationDirection::Left
                } else {
                    TruncationDirection::Right
                },
            };
            if !matches!(asked(|| theirs.with_truncation(Some(params)).is_ok()), Some(true)) {
                return Ok(None);
            }
            options.truncation = Setting::On(Truncation {
                max_length,
                stride,
                strategy: [
                    TruncationStrategy::LongestFirst,
                    TruncationStrategy::OnlyFirst,
                    TruncationStrategy::OnlySecond,
                ][strategy],
                direction: if left { Direction::Left } else { Direction::Right },
            });
        }
        if is(random, 2) {
            let (fixed, multiple) = (random.below(16), random.below(6));
            let (is_fixed, left) = (is(random, 2), is(random, 2));
            name += &format!(", padded {is_fixed} {fixed} {multiple} {left}");
            let multiple = Some(multiple).filter(|_| is(random, 2));
            theirs.with_padding(Some(PaddingParams {
                strategy: match is_fixed {
                    true => tokenizers::PaddingStrategy::Fixed(fixed),
                    false => tokenizers::PaddingStrategy::BatchLongest,
                },
                direction: if left { PaddingDirection::Left } else { PaddingDirection::Right },
                pad_to_multiple_of: multiple,
                pad_id: 3,
                pad_type_id: 2,
                pad_token: "P".to_owned(),
            }));
            options.padding = Setting::On(Padding {
                strategy: match is_fixed {
                    true => PaddingStrategy::Fixed(fixed),
                    false => PaddingStrategy::BatchLongest,
                },
                direction: if left { Direction::Left } else { Direction::Right },
                pad_to_multiple_of: multiple,
                pad_id: 3,
                pad_type_id: 2,
                pad_token: "P".to_owned(),
            });
        }
        let (second, wanted_second) = second.unzip();
        let wanted = asked(|| theirs.post_process(first.1, wanted_second, add));
        match (self.ours.post_process(first.0, second, &options), wanted) {
            (Ok(found), Some(Ok(wanted))) => {
                compare(&name, (&found, &wanted))?;
                Ok(Some((found, wanted)))
            }
            // A stride that is too long is an error here though nothing has to be cut.
            (Err(error), Some(Ok(_))) if !error.to_string().starts_with("stride") => {
                Err(format!("{name}: {error}"))
            }
            (Ok(found), Some(Err(error))) => Err(format!("{name}: {found:?}\nnot {error}")),
            _ => Ok(None),
        }
    }

    fn step(&self, pool: &mut Vec<Pair>, random: &mut Random) -> Result<(), String> {
        let at = random.below(pool.len());
        let side = is(random, 2);
        match random.below(8) {
            0 | 1 => {
                let (max, stride) = (random.below(pool[at].0.len() + 2), random.below(3));
                let (mut ours, mut theirs) = pool[at].clone();
                let left = (Direction::Left, TruncationDirection::Left);
                let right = (Direction::Right, TruncationDirection::Right);
                let (own, other) = if side { left } else { right };
                let found = ours.truncate(max, stride, own);
                let wanted = asked(|| theirs.truncate(max, stride, other));
                same!(found.is_ok(), wanted.is_some(), "truncate({max}, {stride})");
                if found.is_ok() {
                    compare(&format!("truncate({max}, {stride}, {own:?})"), (&ours, &theirs))?;
                    pool[at] = (ours, theirs);
                }
            }
            2 => {
                let length = random.below(14);
                let (ours, theirs) = &mut pool[at];
                let left = (Direction::Left, PaddingDirection::Left);
                let right = (Direction::Right, PaddingDirection::Right);
                let (own, other) = if side { left } else { right };
                ours.pad(length, 7, 1, "pad", own);
                theirs.pad(length, 7, 1, "pad", other);
                compare(&format!("pad({length}, {side})"), (ours, theirs))?;
            }
            3 | 4 => {
                let (other, growing) = (one(random, pool), is(random, 2));
                let (ours, theirs) = &mut pool[at];
                if size(ours) * size(&other.0) < 60 {
                    ours.merge_with(other.0, growing);
                    theirs.merge_with(other.1, growing);
                    compare(&format!("merge_with({growing})"), (ours, theirs))?;
                }
            }
            5 => {
                let (ours, theirs) = &mut pool[at];
                let parts: Vec<Pair> =
                    ours.take_overflowing().into_iter().zip(theirs.take_overflowing()).collect();
                compare("take_overflowing", (&pool[at].0, &pool[at].1))?;
                pool.extend(parts.into_iter().take(2));
            }
            6 => {
                // One that has a number already has two texts, which lie on each other.
                let mut fresh = self.encoded(random)?;
                let number = random.below(3);
                fresh.0.set_sequence_id(number);
                fresh.1.set_sequence_id(number);
                compare(&format!("set_sequence_id({number})"), (&fresh.0, &fresh.1))?;
                pool.push(fresh);
            }
            _ => {
                let (first, second) = (self.encoded(random)?, self.encoded(random)?);
                let second = is(random, 2).then_some(second);
                pool.extend(self.post_process(first, second, random)?);
            }
        }
        let at = random.below(pool.len());
        ask(&pool[at], random)
    }
}

fn check(seed: u64) -> Result<usize, String> {
    let mut random = Random::new(seed);
    let random = &mut random;
    let file = file(random);
    let text = file.to_string();
    let name = |error: String| format!("seed {seed}: {error}\n{}", file["post_processor"]);
    let (ours, theirs) = (Tokenizer::from_bytes(text.as_bytes()), text.parse());
    let both = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            let mut file = file.clone();
            file["post_processor"] = Value::Null;
            let bare = Tokenizer::from_bytes(file.to_string().as_bytes()).expect("it has less");
            let mut their_bare: tokenizers::Tokenizer = Clone::clone(&theirs);
            their_bare.with_post_processor(None::<tokenizers::PostProcessorWrapper>);
            Both { ours, bare, their_bare, theirs }
        }
        (Err(_), Err(_)) => return Ok(0),
        (ours, theirs) => {
            let theirs: Result<tokenizers::Tokenizer, _> = theirs;
            return Err(name(format!("{:?} {:?}", ours.map(|_| ()), theirs.map(|_| ()))));
        }
    };
    let mut pool = vec![both.encoded(random).map_err(name)?];
    let steps = 30;
    for _ in 0..steps {
        both.step(&mut pool, random).map_err(name)?;
        let long = |pair: &Pair| pair.0.len() > 60;
        pool.retain(|pair| !long(pair));
        if pool.is_empty() || pool.len() > 8 {
            pool = vec![both.encoded(random).map_err(name)?];
        }
    }
    Ok(steps)
}

#[test]
fn encodings_are_the_references() {
    on_seeds(600, "steps", 20, check);
}
