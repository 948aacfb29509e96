//! The normalizers, each a rewrite of a whole stretch of text.
//!
//! Where a step has nothing to change, the text stays as it is, uncopied.

use super::{
    charsmap::Charsmap,
    matches,
    steps::Normalizer,
    text::{Rewriter, Text},
};
use crate::{
    byte_level,
    unicode::{
        forms::{self, Form},
        graphemes::cluster_len,
        sets,
    },
};
use alloc::{string::String, vec::Vec};

/// Applies one step.
pub(crate) fn apply(step: &Normalizer<'_>, text: &mut Text<'_>) {
    match *step {
        Normalizer::Bert { clean_text, chinese, strip_accents, lowercase } => {
            if clean_text {
                clean(text);
            }
            if chinese {
                set_apart(text);
            }
            if strip_accents {
                form(text, Form::D);
                remove(text, sets::is_bert_mark);
            }
            if lowercase {
                lower(text);
            }
        }
        Normalizer::Nfc => form(text, Form::C),
        Normalizer::Nfd => form(text, Form::D),
        Normalizer::Nfkc => form(text, Form::Kc),
        Normalizer::Nfkd => form(text, Form::Kd),
        Normalizer::Lowercase => lower(text),
        Normalizer::StripAccents => remove(text, sets::is_accent),
        Normalizer::Nmt => nmt(text),
        Normalizer::ByteLevel => byte_level(text),
        Normalizer::Strip { left, right } => strip(text, left, right),
        Normalizer::Replace { pattern, content } => {
            if matches::occurs(&pattern, text.as_str()) {
                rewrite(text, |old, new| {
                    matches::find(&pattern, old, |start, end, is_match| {
                        if is_match {
                            new.skip(end - start);
                            content.chars().for_each(|c| new.insert(c));
                        } else {
                            new.keep(end - start);
                        }
                    });
                });
            }
        }
        Normalizer::Prepend(prefix) => {
            if let Some(first) = text.as_str().chars().next() {
                rewrite(text, |old, new| {
                    prepend(new, prefix, first, first);
                    new.keep(old.len() - first.len_utf8());
                });
            }
        }
        Normalizer::Precompiled(charsmap) => precompiled(text, charsmap),
    }
}

fn rewrite(text: &mut Text<'_>, write: impl FnOnce(&str, &mut Rewriter<'_>)) {
    let mut new = text.rewrite();
    write(text.as_str(), &mut new);
    let new = new.finish();
    text.set(new);
}

/// Writes a prefix, which takes the place of the char `first` that comes next, and then `written` for that
/// char.
pub(crate) fn prepend(new: &mut Rewriter<'_>, prefix: &str, first: char, written: char) {
    for (i, c) in prefix.chars().enumerate() {
        if i == 0 { new.put(c) } else { new.insert(c) }
    }
    new.insert(written);
    if prefix.is_empty() {
        new.skip(first.len_utf8());
    }
}

/// Writes each char anew where `change` says so, by its length and what it becomes.
fn each_char(
    text: &mut Text<'_>,
    changes: impl Fn(char) -> bool,
    mut write: impl FnMut(char, &mut Rewriter<'_>),
) {
    let Some(first) = text.as_str().find(&changes) else { return };
    rewrite(text, |old, new| {
        new.keep(first);
        let mut kept = first;
        for (at, c) in old.get(first..).unwrap_or_default().char_indices() {
            let at = first + at;
            if changes(c) {
                new.keep(at - kept);
                write(c, new);
                kept = at + c.len_utf8();
            }
        }
        new.keep(old.len() - kept);
    });
}

fn remove(text: &mut Text<'_>, removed: impl Fn(char) -> bool) {
    each_char(text, removed, |c, new| new.skip(c.len_utf8()));
}

fn clean(text: &mut Text<'_>) {
    let changes = |c: char| c != ' ' && c.is_whitespace() || sets::is_bert_removed(c);
    each_char(text, changes, |c, new| {
        if sets::is_bert_removed(c) { new.skip(c.len_utf8()) } else { new.put(' ') }
    });
}

fn set_apart(text: &mut Text<'_>) {
    each_char(text, sets::is_bert_chinese, |c, new| {
        new.put(' ');
        new.insert(c);
        new.insert(' ');
    });
}

fn lower(text: &mut Text<'_>) {
    let changes = |c: char| match c.is_ascii() {
        true => c.is_ascii_uppercase(),
        false => sets::lower(c) != (c, None),
    };
    each_char(text, changes, |c, new| {
        let (first, second) = sets::lower(c);
        new.put(first);
        second.into_iter().for_each(|c| new.insert(c));
    });
}

fn nmt(text: &mut Text<'_>) {
    each_char(
        text,
        |c| sets::is_nmt_removed(c) || sets::is_nmt_space(c),
        |c, new| {
            if sets::is_nmt_removed(c) { new.skip(c.len_utf8()) } else { new.put(' ') }
        },
    );
}

fn byte_level(text: &mut Text<'_>) {
    let stays = |c: char| c.is_ascii_graphic();
    each_char(
        text,
        |c| !stays(c),
        |c, new| {
            for (i, byte) in c.encode_utf8(&mut [0; 4]).bytes().enumerate() {
                let mapped = byte_level::char_of(byte);
                if i == 0 { new.put(mapped) } else { new.insert(mapped) }
            }
        },
    );
}

fn strip(text: &mut Text<'_>, left: bool, right: bool) {
    let old = text.as_str();
    let start = if left { old.len() - old.trim_start().len() } else { 0 };
    let end = if right { old.trim_end().len().max(start) } else { old.len() };
    if start > 0 || end < old.len() {
        rewrite(text, |_, new| {
            new.skip(start);
            new.keep(end - start);
        });
    }
}

fn form(text: &mut Text<'_>, form: Form) {
    if !forms::is_normal(text.as_str(), form) {
        rewrite(text, |old, new| forms::normalize(old, form, |c, change| new.push(c, change)));
    }
}

/// Whether a table may remove what the text begins with. That is forgotten, and all of the text seems to stand
/// earlier than it does.
pub(crate) fn forgets<'a>(steps: impl Iterator<Item = Normalizer<'a>> + Clone, text: &str) -> bool {
    let first = text.chars().next().unwrap_or(' ');
    let cluster = text.get(..cluster_len(text)).unwrap_or_default();
    let mut tables = steps.clone().filter_map(|step| match step {
        Normalizer::Precompiled(table) => Charsmap::new(table),
        _ => None,
    });
    // What others remove first, uncovers the next.
    let uncovers = |step| match step {
        Normalizer::Replace { content, .. } => content.is_empty(),
        Normalizer::StripAccents => sets::is_accent(first),
        _ => false,
    };
    tables.any(|map| {
        let removes = |part: &str| map.find(part) == Some("");
        removes(first.encode_utf8(&mut [0; 4])) || removes(cluster) || steps.clone().any(uncovers)
    })
}

/// SentencePiece's table: clusters of up to five bytes as a whole, then each char.
fn precompiled(text: &mut Text<'_>, charsmap: &[u8]) {
    let Some(map) = Charsmap::new(charsmap) else { return };
    if !text.is_traced() {
        if let Some(new) = replaced(text.as_str(), &map) {
            text.replace(new);
        }
        return;
    }
    let (mut written, mut modified): (Vec<(char, isize)>, bool) = (Vec::new(), false);
    let old = text.as_str();
    let mut at = 0;
    while let Some(rest) = old.get(at..)
        && !rest.is_empty()
    {
        let len = cluster_len(rest).max(1);
        let cluster = rest.get(..len).unwrap_or(rest);
        at += len;
        if len < 6
            && let Some(new) = map.find(cluster)
        {
            exchange(&mut written, cluster.chars().count(), new);
            modified = true;
            continue;
        }
        for c in cluster.chars() {
            match map.find(c.encode_utf8(&mut [0; 4])) {
                Some(new) => {
                    exchange(&mut written, 1, new);
                    modified = true;
                }
                None => written.push((c, 0)),
            }
        }
    }
    if modified {
        rewrite(text, |_, new| written.into_iter().for_each(|(c, change)| new.push(c, change)));
    }
}

/// Writes `new` in place of `old_len` chars. What is removed belongs to the char before, whatever that is;
/// at the very beginning it is forgotten. (So does the reference count.)
/// The text alone, if it changes.
fn replaced(old: &str, map: &Charsmap<'_>) -> Option<String> {
    let (mut new, mut at, mut kept) = (String::new(), 0, 0);
    let mut modified = false;
    while let Some(rest) = old.get(at..)
        && !rest.is_empty()
    {
        let len = cluster_len(rest).max(1);
        let cluster = rest.get(..len).unwrap_or(rest);
        let mut put = |start: usize, len: usize, text: &str| {
            new.push_str(old.get(kept..start).unwrap_or_default());
            new.push_str(text);
            kept = start + len;
            modified = true;
        };
        match map.find(cluster).filter(|_| len < 6) {
            Some(text) => put(at, len, text),
            None if cluster.chars().nth(1).is_none() && len < 6 => {}
            None => {
                for (start, c) in cluster.char_indices() {
                    if let Some(text) = map.find(c.encode_utf8(&mut [0; 4])) {
                        put(at + start, c.len_utf8(), text);
                    }
                }
            }
        }
        at += len;
    }
    modified.then(|| {
        new.push_str(old.get(kept..).unwrap_or_default());
        new
    })
}

fn exchange(written: &mut Vec<(char, isize)>, old_len: usize, new: &str) {
    let from = written.len();
    written.extend(new.chars().map(|c| (c, 0)));
    let new_len = written.len() - from;
    if new_len > old_len {
        for (_, change) in written.iter_mut().skip(from + old_len) {
            *change = 1;
        }
    } else if let Some((_, change)) = written.last_mut() {
        *change -= (old_len - new_len) as isize;
    }
}
