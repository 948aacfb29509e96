//! What is known of each two ASCII bytes: see [`comptok_core::model::bpe::byte_pairs`].

use comptok_core::{blob::lookup::NONE, model::bpe::BytePair};

use super::bpe::Symbols;

/// The lowest products for two bytes.
#[derive(Clone, Copy)]
struct Lowest {
    /// Of the two.
    product: u32,
    /// Of what ends with the first, and the second.
    left_end: u32,
    /// Of the first, and what begins with the second.
    right_begin: u32,
    /// Of what they make and a neighbour.
    after: u32,
}

/// The bytes of the table.
pub(super) fn table(symbols: &Symbols) -> Vec<u8> {
    let none = Lowest { product: NONE, left_end: NONE, right_begin: NONE, after: NONE };
    let mut pairs = vec![none; 1 << 14];
    let ends = symbols.fold(|byte| (byte, byte), |(first, _), (_, last)| (first, last));
    let mut byte_of = vec![None; symbols.ids.len()];
    for (byte, &symbol) in (0..128u8).zip(&symbols.bytes) {
        if symbol != NONE {
            byte_of[symbol as usize] = Some(byte);
        }
    }
    let place = |left: u8, right: u8| {
        (left | right).is_ascii().then_some(usize::from(left) << 7 | usize::from(right))
    };
    // The two bytes that a symbol was made from.
    let mut made_from = vec![None; symbols.ids.len()];
    let first = symbols.byte_len() as u32;
    for (product, &(left, right)) in (first..).zip(&symbols.pairs) {
        let bytes = (byte_of[left as usize], byte_of[right as usize]);
        let ends = (ends[left as usize], ends[right as usize]);
        if let (Some((_, last)), Some(right)) = (ends.0, bytes.1)
            && let Some(place) = place(last, right)
        {
            pairs[place].left_end = product.min(pairs[place].left_end);
        }
        if let (Some(left), Some((next, _))) = (bytes.0, ends.1)
            && let Some(place) = place(left, next)
        {
            pairs[place].right_begin = product.min(pairs[place].right_begin);
        }
        if let (Some(left), Some(right)) = bytes
            && let Some(place) = place(left, right)
        {
            pairs[place].product = product;
            made_from[product as usize] = Some(place);
        }
    }
    for (product, &(left, right)) in (first..).zip(&symbols.pairs) {
        for place in [left, right].into_iter().filter_map(|part| made_from[part as usize]) {
            pairs[place].after = product.min(pairs[place].after);
        }
    }
    pairs.iter().flat_map(|lowest| entry(*lowest).to_bytes()).collect()
}

fn entry(lowest: Lowest) -> BytePair {
    let small = |product: u32| match u16::try_from(product) {
        _ if product == NONE => BytePair::NO,
        Ok(small) if small < BytePair::LARGE => small,
        _ => BytePair::LARGE,
    };
    let product = small(lowest.product);
    // What they make must not merge earlier than they do: others may have come before it.
    let quiet = product < BytePair::LARGE && lowest.product < lowest.after;
    BytePair::new(
        product,
        if quiet { product } else { BytePair::NO },
        small(lowest.left_end),
        small(lowest.right_begin),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptok_core::model::{
        Random,
        bpe::{Pairs, SHORT, byte_pairs::BytePairs, merge_bits, merge_short},
    };
    use std::collections::{HashMap, HashSet};

    const LETTERS: u8 = 4;

    struct Drawn {
        products: HashMap<(u32, u32), u32>,
        table: Box<BytePairs>,
    }

    impl Pairs for Drawn {
        fn rank(&self, left: u32, right: u32) -> u32 {
            self.products.get(&(left, right)).copied().unwrap_or(NONE)
        }

        fn product(&self, rank: u32) -> u32 {
            rank
        }

        fn byte(&self, byte: u8) -> u32 {
            u32::from(byte.wrapping_sub(b'a'))
        }

        fn byte_pairs(&self) -> Option<&BytePairs> {
            Some(&self.table)
        }
    }

    /// Pairs over four letters; with `any`, what comes of a pair may have a lower number than its parts.
    fn drawn(random: &mut Random, any: bool) -> Symbols {
        let letters = usize::from(LETTERS);
        let count = 4 + random.below(60);
        let mut numbers: Vec<u32> = (0..(letters + count) as u32).collect();
        if any {
            for i in (letters + 1..numbers.len()).rev() {
                numbers.swap(i, letters + random.below(i + 1 - letters));
            }
        }
        let mut pairs = vec![(0, 0); count];
        let mut known = HashSet::new();
        for made in 0..count {
            let mut part = || {
                let limit = [letters, letters + made][random.below(2)];
                numbers[random.below(limit)]
            };
            let mut pair = (part(), part());
            while !known.insert(pair) {
                pair = (part(), part());
            }
            pairs[numbers[letters + made] as usize - letters] = pair;
        }
        let mut bytes = [NONE; 256];
        for letter in 0..LETTERS {
            bytes[usize::from(b'a' + letter)] = u32::from(letter);
        }
        let ids = (0..(letters + count) as u32).collect();
        Symbols { bytes, ids, pairs, of_entry: Vec::new() }
    }

    #[test]
    fn what_begins_with_quiet_pairs_ends_as_what_begins_with_bytes() {
        let mut random = Random::new(7);
        let (mut quiet, mut all) = (0, 0);
        for round in 0..400 {
            let symbols = drawn(&mut random, round % 2 == 1);
            let products: HashMap<(u32, u32), u32> = (u32::from(LETTERS)..)
                .zip(&symbols.pairs)
                .map(|(made, &pair)| (pair, made))
                .collect();
            let table = table(&symbols);
            let (entries, _) = table.as_chunks::<8>();
            let table = entries.to_vec().try_into().expect("the table has this size");
            let drawn = Drawn { products, table };
            for _ in 0..200 {
                let len = 1 + random.below(if round % 3 == 0 { SHORT } else { 12 });
                let text: Vec<u8> =
                    (0..len).map(|_| b'a' + random.below(usize::from(LETTERS)) as u8).collect();
                let (mut plain, mut fast) = ([0; SHORT], [0; SHORT]);
                let wanted = merge_short(&drawn, &text, &mut plain);
                let found = merge_bits(&drawn, &text, &mut fast).expect("they fit");
                assert_eq!(fast[..found], plain[..wanted], "round {round}, {text:?}");
                let pair = |at: usize| match text.get(at..at + 2) {
                    Some(&[left, right]) => BytePair::of(&drawn.table, left, right),
                    _ => BytePair::NONE,
                };
                all += len;
                quiet += (0..len)
                    .filter(|&at| {
                        let before = at.checked_sub(1).map_or(BytePair::NONE, pair);
                        pair(at).is_quiet(before, pair(at + 1))
                    })
                    .count();
            }
        }
        assert!(quiet * 10 > all, "{quiet} quiet pairs in {all} bytes");
    }
}
