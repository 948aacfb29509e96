//! The roads to the ids of a text, each compared with the plain one.

use comptok::{
    EncodeError, FullError, FullOptions, Offsets, Options, Scratch, Span, Special, Tokenizer,
};
use comptok_core::{
    Kernel, blob::Tables, engine::MODEL_BPE, kernel::Tier, model::Random, pre_tokenizer::Cuts,
};
use comptok_oracle::{asked, same};

/// Scratches that know other tokenizers too.
pub(crate) struct Scratches {
    pub(crate) own: Scratch<'static>,
    pub(crate) small: Scratch<'static>,
    pub(crate) plain: Scratch<'static>,
    pub(crate) kernels: Vec<Scratch<'static>>,
}

impl Scratches {
    pub(crate) fn new() -> Self {
        let kernels = Tier::ALL.into_iter().filter_map(Kernel::of);
        Self {
            own: Scratch::new(),
            small: Scratch::with_cache(1024),
            plain: Scratch::with_cache(0),
            kernels: kernels.map(|kernel| Scratch::new().kernel(kernel)).collect(),
        }
    }
}

type Answer = Result<Vec<u32>, EncodeError>;

pub(crate) fn ids(
    tokenizer: &Tokenizer,
    text: &[u8],
    options: Options<'_>,
    scratch: &mut Scratch<'_>,
) -> Answer {
    let mut ids = Vec::new();
    tokenizer.encode_into(text, options, &mut ids, scratch).map(|_| ids)
}

/// All roads of comptok itself.
pub(crate) fn own_roads(
    tokenizer: &Tokenizer,
    text: &[u8],
    options: Options<'_>,
    all: &mut Scratches,
    random: &mut Random,
) -> Result<Answer, String> {
    let Options { special, strict, .. } = options;
    let name = format!("{special:?}{}", if strict { ", strict" } else { "" });
    let wanted = ids(tokenizer, text, options, &mut all.plain);
    for road in 0..2 {
        same!(ids(tokenizer, text, options, &mut all.own), wanted, "{name}, road {road}");
        same!(ids(tokenizer, text, options, &mut all.small), wanted, "{name}, small {road}");
    }
    for (number, scratch) in all.kernels.iter_mut().enumerate() {
        same!(ids(tokenizer, text, options, scratch), wanted, "{name}, kernel {number}");
    }
    same!(lent(tokenizer, text, options), wanted, "{name}, lent memory");
    let count = wanted.as_ref().map(Vec::len).map_err(|error| *error);
    let count_with = tokenizer.count_with(text, options, &mut all.own);
    same!(count_with, count, "{name}, count");
    let mut spans: Vec<Span> = Vec::new();
    let mut end = Ok(());
    for span in tokenizer.tokens(text, options, &mut all.own) {
        match span {
            Ok(span) => spans.push(span),
            Err(error) => end = Err(error),
        }
    }
    let span_ids: Vec<u32> = spans.iter().map(|span| span.id).collect();
    same!(end.map(|()| span_ids), wanted, "{name}, tokens");
    if let (false, Ok(text)) = (strict, std::str::from_utf8(text)) {
        let options = FullOptions { add_special_tokens: false, special, ..FullOptions::default() };
        let full = tokenizer.encode_full(text, &options).map(|full| full.ids().to_vec());
        same!(full, wanted.clone().map_err(FullError::Encode), "{name}, in full");
    }
    let room = random.below(9);
    let slices = in_slices(tokenizer, text, options, room, &mut all.own);
    same!(slices, wanted, "{name}, slices of {room}");
    let again = in_spans(tokenizer, text, options, room, &mut all.small);
    let end = again.as_ref().map(|_| ()).map_err(|error| *error);
    same!(end, wanted.as_ref().map(|_| ()).map_err(|error| *error), "{name}, spans, {room}");
    let (Ok(wanted), Ok(again)) = (wanted.clone(), again) else { return Ok(wanted) };

    // Words are counted anew in the rest of a text.
    let places = |spans: &[Span]| -> Vec<(u32, usize, usize)> {
        spans.iter().map(|span| (span.id, span.start, span.end)).collect()
    };
    same!(places(&again), places(&spans), "{name}, spans, {room}");
    for size in [1 + random.below(8), 1 + random.below(60)] {
        same!(in_parts(tokenizer, text, options, size), wanted, "{name}, cut at {size}");
    }
    if special == Special::AsText && !strict {
        let count = wanted.len();
        for (limit, wanted) in [
            (count, Some(count)),
            (count + 1, Some(count)),
            (count.wrapping_sub(1), None),
            (0, None),
        ] {
            let wanted = if count == 0 { Some(0) } else { wanted };
            same!(tokenizer.count_until(text, limit), wanted, "count until {limit}");
        }
        if let Ok(text) = std::str::from_utf8(text) {
            truncated(tokenizer, text, &spans, random)?;
        }
    }
    let header = tokenizer.header();
    if header.model == MODEL_BPE
        && let Some(cuts) = Cuts::of(&Tables::new(tokenizer.as_bytes(), header), header)
    {
        let (mut parts, mut start) = (Vec::new(), 0);
        while start < text.len() {
            let cut = cuts.first(text, start + 1).unwrap_or(text.len());
            let part = ids(tokenizer, &text[start..cut], options, &mut all.own);
            parts.extend(part.map_err(|error| format!("a part: {error}"))?);
            start = cut;
        }
        same!(parts, wanted, "{name}, all parts");
    }
    Ok(Ok(wanted))
}

/// With as little memory as it takes.
fn lent(tokenizer: &Tokenizer, text: &[u8], options: Options<'_>) -> Answer {
    let mut memory = Vec::new();
    loop {
        let result = ids(tokenizer, text, options, &mut Scratch::lend(&mut memory));
        match result {
            Err(EncodeError::Scratch { needed, .. }) if needed > memory.len() => {
                memory.resize(needed, 0);
            }
            result => return result,
        }
    }
}

/// After an error for want of room: where the text goes on, how much room there is to be, and the tokens that are
/// done. Other errors have their place in the whole text.
fn left(error: EncodeError, at: &mut usize, room: &mut usize) -> Result<usize, EncodeError> {
    match error {
        EncodeError::Full { written, consumed } => {
            *at += consumed;
            if written == 0 {
                *room = 2 * *room + 1;
            }
            Ok(written)
        }
        EncodeError::Forbidden { token, at: place } => {
            Err(EncodeError::Forbidden { token, at: *at + place })
        }
        EncodeError::NoToken { byte, at: place } => {
            Err(EncodeError::NoToken { byte, at: *at + place })
        }
        EncodeError::Unknown { at: place } => Err(EncodeError::Unknown { at: *at + place }),
        error => Err(error),
    }
}

fn in_slices(
    tokenizer: &Tokenizer,
    text: &[u8],
    options: Options<'_>,
    mut room: usize,
    scratch: &mut Scratch<'_>,
) -> Answer {
    let (mut all, mut at) = (Vec::new(), 0);
    loop {
        let options = Options { continued: at > 0 || !all.is_empty(), ..options };
        let mut slice = vec![0; room];
        let result = tokenizer.encode_to_slice(&text[at..], options, &mut slice, scratch);
        let written = result.or_else(|error| left(error, &mut at, &mut room))?;
        all.extend_from_slice(&slice[..written]);
        if result.is_ok() {
            return Ok(all);
        }
    }
}

fn in_spans(
    tokenizer: &Tokenizer,
    text: &[u8],
    options: Options<'_>,
    mut room: usize,
    scratch: &mut Scratch<'_>,
) -> Result<Vec<Span>, EncodeError> {
    let (mut all, mut at) = (Vec::<Span>::new(), 0);
    loop {
        let options = Options { continued: at > 0 || !all.is_empty(), ..options };
        let (before, mut spans, mut end) = (all.len(), vec![Span::default(); room], None);
        for span in tokenizer.tokens_in(&text[at..], options, &mut spans, scratch) {
            match span {
                Ok(span) => all.push(Span { start: span.start + at, end: span.end + at, ..span }),
                Err(error) => end = Some(error),
            }
        }
        let Some(error) = end else { return Ok(all) };
        all.truncate(before + left(error, &mut at, &mut room)?);
    }
}

/// The ids of a text of which `size` bytes are seen at a time, more where it has to be.
fn in_parts(tokenizer: &Tokenizer, text: &[u8], options: Options<'_>, size: usize) -> Vec<u32> {
    let (mut ids, mut at, mut seen) = (Vec::new(), 0, size);
    loop {
        let options = Options { continued: at > 0, ..options };
        let found = text.get(at..at + seen).map(|part| (part, tokenizer.last_cut(part, options)));
        let part = match found {
            Some((part, Some(place))) => &part[..place],
            Some((_, None)) => {
                seen *= 2;
                continue;
            }
            None => &text[at..],
        };
        ids.extend(tokenizer.encode(part, options).expect("the whole has ids"));
        at += part.len();
        if at == text.len() {
            return ids;
        }
        seen = size;
    }
}

/// The longest beginning of few enough ids.
fn truncated(
    tokenizer: &Tokenizer,
    text: &str,
    spans: &[Span],
    random: &mut Random,
) -> Result<(), String> {
    let limit = random.below(spans.len() + 2);
    let cut = tokenizer.truncate(text, limit);
    let fits = |text: &str| tokenizer.count_until(text, limit).is_some();
    if !text.starts_with(cut) || !fits(cut) {
        return Err(format!("truncate to {limit}: {cut:?}"));
    }
    let ends = spans.iter().take(limit).map(|span| span.end).chain([if fits(text) {
        text.len()
    } else {
        0
    }]);
    let longest = ends.filter(|&end| text.is_char_boundary(end) && fits(&text[..end])).max();
    same!(cut.len(), longest.unwrap_or(0), "truncate to {limit}");
    Ok(())
}

/// Texts for ids, whole and one by one.
pub(crate) fn decoded(
    tokenizer: &Tokenizer,
    ids: &[u32],
    wanted: impl Fn(&[u32], bool) -> Option<String>,
) -> Result<(), String> {
    for skip in [false, true] {
        let found = tokenizer.decode_lossy(ids, skip);
        if let Some(wanted) = wanted(ids, skip) {
            same!(found, wanted, "decode {skip} {ids:?}");
        }
        let mut stream = tokenizer.decode_stream(skip);
        let mut text = String::new();
        for &id in ids {
            match stream.step(id) {
                Ok(part) => text.extend(part),
                Err(_) if tokenizer.id_to_token(id).is_none() => {}
                Err(error) => return Err(format!("stream: {error}")),
            }
        }
        text.extend(stream.finish());
        same!(text, found, "stream {skip} {ids:?}");
    }
    Ok(())
}

pub(crate) fn full(
    tokenizer: &Tokenizer,
    theirs: &tokenizers::Tokenizer,
    text: &str,
    add: bool,
    trims: bool,
    special: Special<'_>,
) -> Result<Option<Vec<u32>>, String> {
    let mut ids = None;
    for offsets in [Offsets::Chars, Offsets::Bytes] {
        // The reference trims bytes as if they were chars, and ends inside of chars.
        if offsets == Offsets::Bytes && trims && !text.is_ascii() {
            continue;
        }
        let answer = asked(|| match offsets {
            Offsets::Chars => theirs.encode_char_offsets(text, add),
            Offsets::Bytes => theirs.encode(text, add),
        });
        let options =
            FullOptions { add_special_tokens: add, offsets, special, ..FullOptions::default() };
        let ours = tokenizer.encode_full(text, &options);
        let Some(answer) = answer else { continue };
        let what = format!("{special:?}, add {add}, {offsets:?}");
        match (answer, ours) {
            (Ok(theirs), Ok(ours)) => {
                same!(ours.ids(), theirs.get_ids(), "{what}: ids");
                same!(ours.offsets(), theirs.get_offsets(), "{what}: offsets of {:?}", ours.ids());
                same!(
                    ours.tokens().collect::<Vec<_>>(),
                    theirs.get_tokens().to_vec(),
                    "{what}: tokens"
                );
                same!(ours.word_ids(), theirs.get_word_ids(), "{what}: words");
                same!(
                    ours.special_tokens_mask(),
                    theirs.get_special_tokens_mask(),
                    "{what}: special"
                );
                same!(ours.type_ids(), theirs.get_type_ids(), "{what}: types");
                ids = Some(theirs.get_ids().to_vec());
            }
            (Err(_), Err(_)) => {}
            (Err(error), Ok(ours)) => return Err(format!("{what}: {:?}\nnot {error}", ours.ids())),
            (Ok(theirs), Err(error)) => {
                return Err(format!("{what}: {error}\nnot {:?}", theirs.get_ids()));
            }
        }
    }
    Ok(if add { None } else { ids })
}
