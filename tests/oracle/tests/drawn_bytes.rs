//! Drawn byte-level BPE: the ids, places and texts of `tokenizers` and of `tiktoken-rs`, on every road to them.

#[path = "../../drawn/bytes.rs"]
mod drawn;
#[path = "../../drawn/fewer.rs"]
mod fewer;
#[path = "drawn_bytes/roads.rs"]
mod roads;

use comptok::{
    EncodeError, Options, Others, Span, Special, Tokenizer,
    load::{FileOptions, PatternArg, Profile},
};
use comptok_bake::{bake_file, read, write};
use comptok_core::{byte_level::char_of, model::Random};
use comptok_oracle::{asked, number, same};
use drawn::{Drawn, Ranks};
use fewer::fewer;
use roads::{Scratches, decoded, full, ids, own_roads};
use serde_json::Value;
use tiktoken_rs::CoreBPE;

/// Both libraries' tokenizers of a file.
struct Json {
    ours: Tokenizer,
    theirs: tokenizers::Tokenizer,
    as_text: tokenizers::Tokenizer,
    /// Those special tokens that are not `some` are text.
    others_as_text: tokenizers::Tokenizer,
    /// Special tokens, and some of them.
    special: Vec<String>,
    some: Vec<String>,
    /// The post-processor trims offsets.
    trims: bool,
    /// Text is not rewritten.
    is_plain: bool,
    /// Every byte of a text has to have a token.
    is_whole: bool,
    /// Bytes that have none.
    lacking: Vec<u8>,
}

impl Json {
    /// `None` where the reference takes either of two tokens.
    fn new(file: &[u8]) -> Result<Option<Self>, String> {
        let theirs = asked(|| tokenizers::Tokenizer::from_bytes(file));
        let baked = bake_file(file, &FileOptions::default());
        let (theirs, baked) = match (theirs, baked) {
            (Some(Ok(theirs)), Ok(baked)) => (theirs, baked),
            (None | Some(Err(_)), Err(_)) => return Ok(None),
            (Some(Ok(_)), Err(error)) => return Err(format!("refused: {error}")),
            (None, Ok(_)) => return Ok(None),
            (Some(Err(error)), Ok(_)) => return Err(format!("the reference refuses: {error}")),
        };
        let excused = ["both match", "is empty when normalized"];
        if baked.warnings.iter().any(|w| excused.iter().any(|excuse| w.message.contains(excuse))) {
            return Ok(None);
        }
        let ours = Tokenizer::from_bytes(&baked.blob).map_err(|error| format!("blob: {error}"))?;
        let mut as_text = theirs.clone();
        as_text.set_encode_special_tokens(true);
        let mut json: Value = serde_json::from_slice(file).expect("JSON");
        let trims = json["post_processor"].to_string().contains(r#""trim_offsets":true"#);
        let is_plain = json["normalizer"].is_null();
        let lacks = |byte: &u8| json["model"]["vocab"].get(char_of(*byte).to_string()).is_none();
        let lacking: Vec<u8> = (0..=255).filter(lacks).collect();
        let is_whole = is_plain
            && json["model"]["unk_token"].is_null()
            && json["model"]["ignore_merges"] == false
            && json["added_tokens"].as_array().is_some_and(Vec::is_empty)
            && !json["pre_tokenizer"].to_string().contains("Removed");
        let (mut special, mut some) = (Vec::new(), Vec::new());
        for token in json["added_tokens"].as_array_mut().expect("a list") {
            if token["special"] == true {
                let content = token["content"].as_str().expect("a text");
                // A tokenizer knows it by what is looked for.
                let content = match token["normalized"] == true {
                    true => ours.normalize(content).0,
                    false => content.to_owned(),
                };
                // One that is not special is found whatever the others are.
                if special.len() % 2 == 0 {
                    token["special"] = false.into();
                    some.push(content.clone());
                }
                special.push(content);
            }
        }
        let mut others_as_text: tokenizers::Tokenizer =
            json.to_string().parse().map_err(|error| format!("{error}"))?;
        others_as_text.set_encode_special_tokens(true);
        Ok(Some(Self {
            ours,
            theirs,
            as_text,
            others_as_text,
            special,
            some,
            trims,
            is_plain,
            is_whole,
            lacking,
        }))
    }

    fn check(&self, text: &str, all: &mut Scratches, random: &mut Random) -> Result<(), String> {
        // Each takes as long as all that follows.
        if random.below(8) == 0 {
            self.policies(text, all, random)?;
        }
        let some: Vec<&str> = self.some.iter().map(String::as_str).collect();
        let all_policies = [
            (Special::All, &self.theirs),
            (Special::AsText, &self.as_text),
            (Special::Allow(&some, Others::AsText), &self.others_as_text),
        ];
        let most = if random.below(4) == 0 { 3 } else { 2 };
        for (special, theirs) in all_policies.into_iter().take(most) {
            let found = own_roads(&self.ours, text.as_bytes(), special.into(), all, random)?;
            full(&self.ours, theirs, text, true, self.trims, special)?;
            let wanted = full(&self.ours, theirs, text, false, self.trims, special)?;
            if let Some(wanted) = wanted {
                same!(found, Ok(wanted), "{special:?}");
            }
            if let Ok(ids) = found {
                let decode =
                    |ids: &[u32], skip| asked(|| self.theirs.decode(ids, skip).ok()).flatten();
                decoded(&self.ours, &ids, decode)?;
                let ids: Vec<u32> =
                    (0..12).map(|_| random.below(self.ours.vocab_size() + 3) as u32).collect();
                decoded(&self.ours, &ids, decode)?;
            }
        }
        Ok(())
    }
}

impl Json {
    /// Policies that the reference does not have: they follow from those that it has.
    fn policies(&self, text: &str, all: &mut Scratches, random: &mut Random) -> Result<(), String> {
        let special: Vec<&str> = self.special.iter().map(String::as_str).collect();
        let some: Vec<&str> = self.some.iter().map(String::as_str).collect();
        let ids = |special: Special<'_>| self.ours.encode(text, special);
        same!(ids(Special::Allow(&special, Others::Forbid)), ids(Special::All), "all are named");
        same!(ids(Special::Allow(&[], Others::AsText)), ids(Special::AsText), "none is named");
        same!(ids(Special::Allow(&[], Others::Forbid)), ids(Special::Forbid), "none is named");
        for (policy, others) in [
            (Special::Forbid, Special::AsText),
            (Special::Allow(&some, Others::Forbid), Special::Allow(&some, Others::AsText)),
        ] {
            match own_roads(&self.ours, text.as_bytes(), policy.into(), all, random)? {
                // Where none is forbidden, none is text.
                Ok(found) => {
                    same!(Ok(&found), ids(others).as_ref(), "{policy:?}, text");
                    same!(Ok(&found), ids(Special::All).as_ref(), "{policy:?}, all");
                }
                Err(EncodeError::Forbidden { token, at }) => {
                    let token = token.as_str();
                    let is_there = !self.is_plain || text[at..].starts_with(token);
                    let is_named = policy != Special::Forbid && some.contains(&token);
                    if is_named || !special.contains(&token) || !is_there {
                        return Err(format!("{policy:?}: {token} at {at}"));
                    }
                }
                Err(error) => return Err(format!("{policy:?}: {error}")),
            }
        }
        let strict = Options::new(Special::All).strict();
        match own_roads(&self.ours, text.as_bytes(), strict, all, random)? {
            Ok(found) => {
                same!(Ok(&found), ids(Special::All).as_ref(), "strict");
                if self.is_whole && text.bytes().any(|byte| self.lacking.contains(&byte)) {
                    return Err("strict: bytes are left out".to_owned());
                }
            }
            Err(EncodeError::NoToken { byte, at }) => {
                // A space may have been put in front.
                let is_there = text.as_bytes()[at] == byte || byte == b' ';
                if !self.lacking.contains(&byte) || self.is_plain && !is_there {
                    return Err(format!("strict: {byte} at {at}"));
                }
            }
            Err(error) => {
                same!(Err(error), ids(Special::All), "strict");
            }
        }
        Ok(())
    }
}

/// A file that comptok writes: both libraries make of it what they make of the one that it was read from.
fn written(
    file: &[u8],
    options: read::Options<'_>,
    ours: &Tokenizer,
    texts: &[String],
) -> Result<(), String> {
    let spec = read::read(file, options).map_err(|error| error.to_string())?.spec;
    let json = match write::tokenizer_json(&spec) {
        Ok(json) => json,
        Err(error) => {
            // What a vocabulary of texts and merges of its tokens cannot say.
            let error = error.to_string();
            let excused = [
                "are both spelled",
                "which has no token, so no merges",
                "would give it",
                "cannot be written",
            ];
            return match excused.iter().any(|excuse| error.contains(excuse)) {
                true => Ok(()),
                false => Err(format!("not written: {error}")),
            };
        }
    };
    let again = Tokenizer::from_bytes(json.as_bytes()).map_err(|e| format!("written: {e}"))?;
    let theirs: tokenizers::Tokenizer = json.parse().map_err(|e| format!("written: {e}"))?;
    for text in texts {
        let Ok(wanted) = ours.encode(text, Special::All) else { continue };
        same!(again.encode(text, Special::All), Ok(wanted.clone()), "written, {text:?}");
        if let Some(theirs) = asked(|| theirs.encode_fast(text.as_str(), false)) {
            let theirs = theirs.map_err(|e| format!("written: {e}"))?;
            same!(wanted, theirs.get_ids(), "written, theirs, {text:?}");
        }
    }
    Ok(())
}

fn check_json(drawn: &Drawn, texts: &[String], all: &mut Scratches) -> Result<usize, String> {
    let Some(both) = Json::new(&drawn.file)? else { return Ok(0) };
    let mut random = Random::new(texts.len() as u64);
    for text in texts {
        both.check(text, all, &mut random).map_err(|error| format!("{text:?}: {error}"))?;
    }
    written(&drawn.file, read::Options::default(), &both.ours, texts)?;
    profiled(&drawn.file, &FileOptions::default(), &both.ours, texts, all)?;
    check_bytes(drawn, &both.ours, all, &mut random)?;
    if let Some(text) = long_text(texts, &mut random) {
        let ids = long(&both.ours, texts, &text, all)?;
        if let Some(Ok(theirs)) = asked(|| both.theirs.encode_fast(text.as_str(), false)) {
            same!(ids, theirs.get_ids(), "a long text");
        }
    }
    Ok(texts.len())
}

/// The same with answers for the words of some of the texts.
fn profiled(
    file: &[u8],
    options: &FileOptions<'_>,
    ours: &Tokenizer,
    texts: &[String],
    all: &mut Scratches,
) -> Result<(), String> {
    let known = texts[..texts.len() / 2].join(" ");
    let options = FileOptions { profile: Some(Profile::new(known.as_bytes())), ..*options };
    let tuned = Tokenizer::from_bytes_with(file, &options).map_err(|e| e.to_string())?;
    for text in texts {
        let [found, wanted] = [&tuned, ours].map(|tokenizer| {
            let spans = tokenizer.tokens(text, Special::All, &mut all.plain);
            spans.collect::<Vec<Result<Span, EncodeError>>>()
        });
        let at = found.iter().zip(&wanted).take_while(|(found, wanted)| found == wanted).count();
        same!(
            found.get(at),
            wanted.get(at),
            "with a profile, {at} of {}, {}",
            found.len(),
            wanted.len()
        );
    }
    Ok(())
}

/// Text that is not UTF-8.
fn check_bytes(
    drawn: &Drawn,
    tokenizer: &Tokenizer,
    all: &mut Scratches,
    random: &mut Random,
) -> Result<(), String> {
    for _ in 0..8 {
        let text = drawn.bytes(random);
        let found = own_roads(tokenizer, &text, Special::All.into(), all, random);
        let found = found.map_err(|error| format!("{}: {error}", text.escape_ascii()))?;
        if let Some(textbook) = drawn.textbook.as_ref().filter(|_| text.len() < 500) {
            same!(found.ok(), textbook.ids(&text), "textbook, {}", text.escape_ascii());
        }
    }
    Ok(())
}

/// Now and then a text that is long enough for several threads.
fn long_text(texts: &[String], random: &mut Random) -> Option<String> {
    if random.below(16) > 0 {
        return None;
    }
    let mut text = String::new();
    while text.len() < 100_000 {
        text += &texts[random.below(texts.len())];
        text += [" ", "\n", "a", "", " the", "。"][random.below(6)];
        text += &random.below(1000).to_string();
    }
    Some(text)
}

/// By several threads, and with answers that are known and that had to go.
fn long(
    tokenizer: &Tokenizer,
    texts: &[String],
    text: &str,
    all: &mut Scratches,
) -> Result<Vec<u32>, String> {
    let options = Options::new(Special::All);
    let wanted = match ids(tokenizer, text.as_bytes(), options, &mut all.plain) {
        Ok(wanted) => wanted,
        Err(error) => {
            same!(tokenizer.encode_parallel_in(3, text, options), Err(error), "threads");
            return Ok(Vec::new());
        }
    };
    for scratch in [&mut all.own, &mut all.small].into_iter().chain(&mut all.kernels) {
        for _ in 0..2 {
            let found = ids(tokenizer, text.as_bytes(), options, scratch);
            if found.as_ref() != Ok(&wanted) {
                return Err("a long text, a cache".to_owned());
            }
        }
    }
    if tokenizer.encode_parallel_in(3, text, options).as_ref() != Ok(&wanted) {
        return Err("a long text, threads".to_owned());
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).chain([text]).collect();
    let batch = tokenizer.encode_batch_in(2, &texts, options).map_err(|e| e.to_string())?;
    for (text, found) in texts.iter().zip(batch) {
        same!(Ok(found), tokenizer.encode(text, options), "a batch");
    }
    Ok(wanted)
}

struct RankFile {
    ours: Tokenizer,
    theirs: CoreBPE,
    special: Vec<String>,
}

impl RankFile {
    fn new(ranks: &Ranks) -> Result<Option<Self>, String> {
        let special = ranks.special.iter().cloned().collect();
        let encoder = ranks.tokens.iter().cloned().collect();
        let Some(Ok(theirs)) = asked(|| CoreBPE::new(encoder, special, ranks.pattern)) else {
            return Ok(None);
        };
        let options = FileOptions {
            pattern: Some(PatternArg::Regex(ranks.pattern)),
            special_tokens: &ranks.special,
            ..FileOptions::default()
        };
        let ours = Tokenizer::from_bytes_with(&ranks.file(), &options)
            .map_err(|error| format!("refused: {error}"))?;
        let special = ranks.special.iter().map(|(content, _)| content.clone()).collect();
        Ok(Some(Self { ours, theirs, special }))
    }

    fn check(&self, text: &str, all: &mut Scratches, random: &mut Random) -> Result<(), String> {
        for special in [Special::All, Special::AsText] {
            let wanted = asked(|| match special {
                Special::All => self.theirs.encode_with_special_tokens(text),
                _ => self.theirs.encode_ordinary(text),
            });
            let found = own_roads(&self.ours, text.as_bytes(), special.into(), all, random)?;
            match (&found, wanted) {
                (Ok(found), Some(wanted)) => {
                    same!(*found, wanted, "{special:?}");
                    let bytes = self.theirs.decode_bytes(&wanted).map_err(|e| e.to_string())?;
                    same!(self.ours.decode_bytes(&wanted), Ok(bytes.clone()), "decode");
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    decoded(&self.ours, &wanted, |_, skip| (!skip).then(|| text.clone()))?;
                }
                (Err(EncodeError::NoToken { .. }), None) => {}
                (found, wanted) => return Err(format!("{special:?}: {found:?}\nnot {wanted:?}")),
            }
        }
        let some: Vec<&str> = self.special.iter().map(|content| &**content).step_by(2).collect();
        let allowed = some.iter().copied().collect();
        let wanted = asked(|| self.theirs.encode(text, &allowed).map(|(ids, _)| ids));
        let special = Special::Allow(&some, Others::AsText);
        match (own_roads(&self.ours, text.as_bytes(), special.into(), all, random)?, wanted) {
            (Ok(found), Some(Ok(wanted))) => {
                same!(found, wanted, "some are allowed");
            }
            (Err(EncodeError::NoToken { .. }), None) => {}
            (found, wanted) => return Err(format!("some are allowed: {found:?}\nnot {wanted:?}")),
        }
        let is_there = |content: &&String| text.contains(content.as_str());
        for (policy, allowed) in
            [(Special::Forbid, &[][..]), (Special::Allow(&some, Others::Forbid), &some)]
        {
            let forbidden = self.special.iter().filter(|content| !allowed.contains(&&***content));
            let forbidden: Vec<&String> = forbidden.filter(is_there).collect();
            match own_roads(&self.ours, text.as_bytes(), policy.into(), all, random)? {
                // As the library has it in Python: wherever it stands.
                Err(EncodeError::Forbidden { token, at }) => {
                    let first = forbidden.iter().filter_map(|content| text.find(content.as_str()));
                    same!(Some(at), first.min(), "{policy:?}, {token}");
                    same!(text[at..].starts_with(token.as_str()), true, "{policy:?}, {token}");
                }
                // In front of it.
                Err(EncodeError::NoToken { .. }) => {}
                _ if !forbidden.is_empty() => {
                    return Err(format!("{policy:?}: {forbidden:?} is not seen"));
                }
                found => {
                    same!(found, self.ours.encode(text, Special::All), "{policy:?}");
                }
            }
        }
        let strict = Options::new(Special::All).strict();
        let found = own_roads(&self.ours, text.as_bytes(), strict, all, random)?;
        same!(found, self.ours.encode(text, Special::All), "strict");
        Ok(())
    }
}

fn check_ranks(
    drawn: &Drawn,
    ranks: &Ranks,
    texts: &[String],
    all: &mut Scratches,
) -> Result<usize, String> {
    let Some(both) = RankFile::new(ranks)? else { return Ok(0) };
    let mut random = Random::new(texts.len() as u64);
    for text in texts {
        both.check(text, all, &mut random).map_err(|error| format!("{text:?}: {error}"))?;
    }
    let options = read::Options {
        pattern: Some(PatternArg::Regex(ranks.pattern)),
        special_tokens: &ranks.special,
    };
    written(&ranks.file(), options, &both.ours, texts)?;
    let options = FileOptions {
        pattern: options.pattern,
        special_tokens: &ranks.special,
        ..FileOptions::default()
    };
    profiled(&ranks.file(), &options, &both.ours, texts, all)?;
    check_bytes(drawn, &both.ours, all, &mut random)?;
    if let Some(text) = long_text(texts, &mut random) {
        long(&both.ours, texts, &text, all)?;
    }
    Ok(texts.len())
}

/// What is wrong with a text, and what of its file.
fn wrong(file: &Value, ranks: Option<&Ranks>, text: &str) -> Option<String> {
    let (mut all, mut random) = (Scratches::new(), Random::new(1));
    let mut check = || match ranks {
        None => {
            let file = file.to_string();
            let both = Json::new(file.as_bytes())?;
            let Some(both) = both else { return Ok(()) };
            (0..8).try_for_each(|_| both.check(text, &mut all, &mut random))?;
            written(file.as_bytes(), read::Options::default(), &both.ours, &[text.to_owned()])
        }
        Some(ranks) => {
            let Some(both) = RankFile::new(ranks)? else { return Ok(()) };
            (0..8).try_for_each(|_| both.check(text, &mut all, &mut random))?;
            let options = read::Options {
                pattern: Some(PatternArg::Regex(ranks.pattern)),
                special_tokens: &ranks.special,
            };
            written(&ranks.file(), options, &both.ours, &[text.to_owned()])
        }
    };
    asked(&mut check).unwrap_or_else(|| Err("a panic".to_owned())).err()
}

/// A smaller tokenizer and text that are wrong in the same way.
fn smaller(drawn: &Drawn, texts: &[String]) -> String {
    let mut file: Value = match &drawn.ranks {
        None => serde_json::from_slice(&drawn.file).expect("JSON"),
        Some(_) => Value::Null,
    };
    let mut ranks = drawn.ranks.clone();
    let way = |error: &str| -> String {
        error.split([':', '[']).next().unwrap_or_default().replace(|c: char| c.is_ascii_digit(), "")
    };
    let Some((text, error)) =
        texts.iter().find_map(|text| Some((text, wrong(&file, ranks.as_ref(), text)?)))
    else {
        return "not wrong alone".to_owned();
    };
    let kind = way(&error);
    let start = std::time::Instant::now();
    let is_wrong = |file: &Value, ranks: Option<&Ranks>, text: &str| {
        start.elapsed().as_secs() < 12
            && wrong(file, ranks, text).is_some_and(|error| way(&error) == kind)
    };
    let mut chars: Vec<char> = text.chars().collect();
    loop {
        let mut less = fewer(&mut chars, |chars| {
            is_wrong(&file, ranks.as_ref(), &chars.iter().collect::<String>())
        });
        let text: String = chars.iter().collect();
        if let Some(found) = &mut ranks {
            let mut tokens = found.tokens.clone();
            less |= fewer(&mut tokens, |tokens| {
                let ranks = Ranks { tokens: tokens.to_vec(), ..found.clone() };
                is_wrong(&file, Some(&ranks), &text)
            });
            found.tokens = tokens;
            let mut special = found.special.clone();
            less |= fewer(&mut special, |special| {
                is_wrong(&file, Some(&Ranks { special: special.to_vec(), ..found.clone() }), &text)
            });
            found.special = special;
        } else {
            for (pointer, value) in [
                ("/normalizer", Value::Null),
                ("/post_processor", Value::Null),
                ("/model/ignore_merges", false.into()),
                ("/model/unk_token", Value::Null),
                ("/model/fuse_unk", false.into()),
                ("/model/byte_fallback", false.into()),
            ] {
                let mut other = file.clone();
                if let Some(place) = other.pointer_mut(pointer)
                    && *place != value
                {
                    *place = value;
                    if is_wrong(&other, None, &text) {
                        (file, less) = (other, true);
                    }
                }
            }
            for pointer in ["/added_tokens", "/model/merges"] {
                let mut list =
                    file.pointer(pointer).and_then(Value::as_array).expect("a list").clone();
                less |= fewer(&mut list, |list| {
                    let mut other = file.clone();
                    *other.pointer_mut(pointer).expect("it is there") = list.into();
                    is_wrong(&other, None, &text)
                });
                *file.pointer_mut(pointer).expect("it is there") = list.into();
            }
            let vocab = file.pointer("/model/vocab").and_then(Value::as_object).expect("a map");
            let mut list: Vec<_> = vocab.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
            less |= fewer(&mut list, |list| {
                let mut other = file.clone();
                *other.pointer_mut("/model/vocab").expect("it is there") =
                    list.iter().cloned().collect::<serde_json::Map<_, _>>().into();
                is_wrong(&other, None, &text)
            });
            *file.pointer_mut("/model/vocab").expect("it is there") =
                list.into_iter().collect::<serde_json::Map<_, _>>().into();
        }
        if !less {
            let error = wrong(&file, ranks.as_ref(), &text).unwrap_or_default();
            let shown = match &ranks {
                Some(Ranks { pattern, tokens, special }) => {
                    let tokens: Vec<_> =
                        tokens.iter().map(|(t, r)| (t.escape_ascii().to_string(), r)).collect();
                    format!("{pattern}\n{tokens:?} {special:?}")
                }
                None => file.to_string(),
            };
            return format!("  smallest: {text:?}: {error}\n  {shown}");
        }
    }
}

/// Fewer where each takes long.
fn seeds(fewer: u64) -> std::ops::Range<u64> {
    let cases = number("COMPTOK_CASES").unwrap_or(250).div_ceil(fewer);
    let first = cases * number("COMPTOK_SEED").unwrap_or(0);
    first..first + cases
}

/// Wrong answers of tokenizers; `check` says how many texts it has tried.
fn run(
    draw: fn(u64) -> Drawn,
    seeds: std::ops::Range<u64>,
    mut check: impl FnMut(&Drawn, &[String], &mut Scratches) -> Result<usize, String>,
    texts: impl Fn(&Drawn, &mut Random) -> Vec<String>,
) -> usize {
    std::panic::set_hook(Box::new(|_| ()));
    let (mut all, mut failures, mut cases) = (Scratches::new(), Vec::new(), 0);
    for seed in seeds {
        let drawn = draw(seed);
        let texts = texts(&drawn, &mut Random::new(seed));
        let result = asked(|| check(&drawn, &texts, &mut all));
        match result.unwrap_or_else(|| Err("a panic".to_owned())) {
            Ok(count) => cases += count,
            Err(error) => {
                let error: String = error.chars().take(1500).collect();
                failures.push(format!("{}: {error}\n{}", drawn.name, smaller(&drawn, &texts)));
            }
        }
        if failures.len() > 4 {
            break;
        }
    }
    // The hook is quiet, for the reference panics often.
    println!("{cases} texts\n{}", failures.join("\n\n"));
    assert!(failures.is_empty());
    cases
}

fn short_texts(drawn: &Drawn, random: &mut Random) -> Vec<String> {
    (0..24).map(|_| drawn.text(random)).collect()
}

#[test]
fn tokenizer_json() {
    let cases = run(drawn::tokenizer_json, seeds(1), check_json, short_texts);
    assert!(cases > 16 * seeds(1).count(), "{cases}");
}

#[test]
fn rank_files() {
    let check = |drawn: &Drawn, texts: &[String], all: &mut Scratches| {
        check_ranks(drawn, drawn.ranks.as_ref().expect("it is a rank file"), texts, all)
    };
    let cases = run(drawn::ranks, seeds(1), check, short_texts);
    assert!(cases > 16 * seeds(1).count(), "{cases}");
}

/// Texts of several chunks, where they are rewritten; with few places, or none, at which every pattern cuts, and
/// pre-tokens that are longer than a chunk.
fn long_texts(drawn: &Drawn, random: &mut Random) -> Vec<String> {
    const BETWEEN: [&str; 16] = [
        "",
        "",
        "",
        " ",
        "  ",
        "\n",
        " \n",
        "\t",
        "! ",
        "\r\n",
        "e\u{301}",
        "\u{212b}",
        "\u{301}",
        " \u{301}",
        "a\u{323}\u{301} ",
        "\u{1161}",
    ];
    let few: Vec<String> = (0..1 + random.below(8)).map(|_| drawn.text(random)).collect();
    let wanted = 4_000 + random.below(12_000);
    let mut text = String::new();
    while text.len() < wanted {
        if random.below(40) == 0 {
            let len = 5_000 + random.below(3_000);
            text += &drawn.word(random, len);
        }
        text += &few[random.below(few.len())];
        text += BETWEEN[random.below(BETWEEN.len())];
    }
    vec![text]
}

#[test]
fn texts_of_several_chunks() {
    let check = |drawn: &Drawn, texts: &[String], all: &mut Scratches| {
        // The others have no chunks, but may have long pre-tokens.
        let is_rewritten = drawn.file.windows(5).any(|part| part == b"\"NFC\"");
        if !is_rewritten && !texts[0].len().is_multiple_of(4) {
            return Ok(0);
        }
        let Some(both) = Json::new(&drawn.file)? else { return Ok(0) };
        let mut random = Random::new(texts.len() as u64);
        texts.iter().try_for_each(|text| both.check(text, all, &mut random))?;
        Ok(texts.len())
    };
    let cases = run(drawn::tokenizer_json, seeds(5), check, long_texts);
    assert!(4 * cases > seeds(5).count(), "{cases}");
}
