//! From arguments to an expression of type `Tokenizer`.

use crate::{
    args::{self, Args, Errors},
    cache::{Blob, Cache, Key},
};
use comptok_bake::{
    FileError, FileOptions, Warning,
    bake::Profile,
    bake_file,
    read::{Format, PatternArg, recognise},
};
use comptok_core::blob;
use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

/// What an expansion depends on beside its tokens.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// Relative paths begin here.
    pub(crate) manifest_dir: PathBuf,
    /// Where blobs are kept, if there is a place.
    pub(crate) cache: Option<Cache>,
    /// An editor asks: types matter, data does not.
    pub(crate) in_editor: bool,
}

impl Surroundings {
    pub(crate) fn of_this_process() -> Self {
        let folder = |name| env::var_os(name).map(PathBuf::from);
        let other = folder("CARGO_TARGET_TMPDIR").or_else(|| folder("OUT_DIR"));
        let server = |path: PathBuf| {
            path.file_stem().is_some_and(|name| name == "rust-analyzer-proc-macro-srv")
        };
        Self {
            manifest_dir: folder("CARGO_MANIFEST_DIR").unwrap_or_default(),
            cache: Cache::find(env::args_os(), other),
            in_editor: env::var_os("RUST_ANALYZER_INTERNALS_DO_NOT_USE").is_some()
                || env::current_exe().is_ok_and(server),
        }
    }
}

/// Expands the macro; a mistake becomes a `compile_error!` at what caused it.
pub(crate) fn expand(input: TokenStream, surroundings: &Surroundings) -> TokenStream {
    let (args, mut errors) = args::parse(input);
    let expanded = expression(&args, surroundings, &mut errors);
    match expanded {
        Some(tokens) if errors.0.is_empty() => tokens,
        _ => {
            let errors = errors
                .0
                .into_iter()
                .map(|(span, message)| quote_spanned!(span=> ::core::compile_error!(#message)));
            // An expression, whose type is not another error: that of the last compile_error!.
            quote!({ #(#errors);* })
        }
    }
}

/// The source file, and what can be said about it before it is baked.
struct Source {
    /// As given by the user, for messages.
    name: String,
    /// Absolute, for `include_bytes!`.
    path: String,
    bytes: Vec<u8>,
    modified: SystemTime,
}

/// The expression; `None` if there are errors.
fn expression(
    args: &Args,
    surroundings: &Surroundings,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let file = args.path.as_ref()?;
    let source = match read(&file.value(), &surroundings.manifest_dir) {
        Ok(source) => source,
        Err(message) => {
            errors.push(file.span(), message);
            return None;
        }
    };
    let profile = args.profile.as_ref().and_then(|path| {
        let profile = read(&path.value(), &surroundings.manifest_dir);
        profile.map_err(|message| errors.push(path.span(), message)).ok()
    });
    check_arguments(args, file.span(), &source.bytes, errors);
    if !errors.0.is_empty() {
        return None;
    }
    let krate = &args.krate;
    if surroundings.in_editor {
        return Some(quote!(#krate::__private::in_editor()));
    }
    let cache = surroundings.cache.as_ref();
    let (len, data) = match data(args, &source, profile.as_ref(), cache) {
        Ok(data) => data,
        Err(error) => {
            let (argument, message) = fault(args, &error, &source.name);
            errors.push(argument.unwrap_or(file.span()), message);
            return None;
        }
    };
    let len = Literal::usize_unsuffixed(len);
    let paths = [Some(&source), profile.as_ref()].into_iter().flatten().map(|file| &file.path);
    // Two uses of the files, for cargo and for the program:
    // - A const that nobody uses makes cargo look at a source, and leaves nothing in the program.
    // - A static of the exact array type is the cheapest way to a place in the program. For 16 MB of
    //   noise, an edit elsewhere takes 0.07 s more in dev and 0.5 s in release than with 5 bytes; as
    //   a promoted `&Aligned<[u8]>` 0.2 and 0.65 s; as a plain `&[u8]` 0.05 and 0.6 s, but that
    //   begins anywhere (rustc 1.95, 2-core Xeon, medians of 3). The alignment only serves the
    //   cache: no read relies on it.
    // The inner const makes the choice of the engine a matter of compile time also in a function.
    Some(quote!({
        #(const _: &[::core::primitive::u8] = ::core::include_bytes!(#paths);)*
        static BLOB: #krate::__private::Aligned<[::core::primitive::u8; #len]> =
            #krate::__private::Aligned(*#data);
        const { #krate::Tokenizer::from_static(&BLOB.0) }
    }))
}

fn read(name: &str, manifest_dir: &Path) -> Result<Source, String> {
    let path = std::path::absolute(manifest_dir.join(name));
    let path = path.map_err(|error| format!("{name:?} is not a path: {error}"))?;
    // Cargo and `include_bytes!` need the path as text.
    let text = path.to_str().ok_or_else(|| format!("{} is not UTF-8", path.display()))?.to_owned();
    let read = || {
        let modified = fs::metadata(&path)?.modified().unwrap_or(UNIX_EPOCH);
        Ok((fs::read(&path)?, modified))
    };
    match read() {
        Ok((bytes, modified)) => Ok(Source { name: name.to_owned(), path: text, bytes, modified }),
        Err(error) => {
            let error: io::Error = error;
            let relative = match Path::new(name).is_absolute() {
                true => "",
                false => " (paths begin at the folder of Cargo.toml)",
            };
            Err(format!("cannot read {text}: {error}{relative}"))
        }
    }
}

/// Finds arguments that do not go with the format, to report them where they stand.
fn check_arguments(args: &Args, file: Span, bytes: &[u8], errors: &mut Errors) {
    let format = recognise(bytes);
    match format {
        Format::Tiktoken if args.pattern.is_none() => {
            let message = "a rank file does not hold its pattern; add pattern = \"…\", a name or a \
                           regular expression";
            let names = comptok_bake::read::pattern::NAMES.join(", ");
            errors.push(file, format!("{message} (known names: {names})"));
        }
        Format::TokenizerJson | Format::Blob => {
            if let Some(pattern) = &args.pattern {
                let message =
                    format!("the file has its own pattern; give none (this is a {format})");
                errors.push(pattern.span(), message);
            }
            if let Some(place) = args.special_tokens_at {
                let message =
                    format!("the file has its own special tokens; give none (this is a {format})");
                errors.push(place, message);
            }
            if let (Format::Blob, Some(profile)) = (&format, &args.profile) {
                let message = "a blob is baked already; give the profile where it is baked";
                errors.push(profile.span(), message);
            }
        }
        // The reader says what is wrong with others.
        _ => {}
    }
}

/// The argument that is at fault, if it is not the file, and what to say of it.
fn fault(args: &Args, error: &FileError, file: &str) -> (Option<Span>, String) {
    let argument = match error {
        FileError::Read(error) => {
            error.special_token_index().and_then(|index| args.ids_at.get(index).copied())
        }
        // The file's own pattern is no argument.
        FileError::Bake(error) if error.part == "pre_tokenizer" => {
            args.pattern.as_ref().map(syn::LitStr::span)
        }
        _ => None,
    };
    match argument {
        Some(_) => (argument, error.to_string()),
        None => (None, error.in_file(file)),
    }
}

/// The length of the blob, and an expression of type `&[u8; len]` that holds it.
fn data(
    args: &Args,
    source: &Source,
    profile: Option<&Source>,
    cache: Option<&Cache>,
) -> Result<(usize, TokenStream), FileError> {
    let pattern = args.pattern.as_ref().map(syn::LitStr::value);
    let options = FileOptions {
        pattern: pattern.as_deref().map(PatternArg::from),
        special_tokens: &args.special_tokens,
        strict: args.strict,
        profile: profile.map(|profile| Profile::new(&profile.bytes)),
    };
    let include = |path: &str| quote!(::core::include_bytes!(#path));
    if source.bytes.starts_with(&blob::MAGIC) {
        bake_file(&source.bytes, &options)?;
        return Ok((source.bytes.len(), include(&source.path)));
    }
    // The file's name is in the warnings and errors of a bake only, so it is no part of the key.
    let text = profile.map_or(&[][..], |profile| &profile.bytes);
    let key = Key::new(&source.bytes, text, &format!("{options:?}"));
    let usable = |blob: Blob| Some((blob.len, include(blob.path.to_str()?)));
    if let Some(found) = cache.and_then(|cache| cache.get(key)).and_then(usable) {
        return Ok(found);
    }
    let baked = bake_file(&source.bytes, &options)?;
    warn(&source.name, &baked.warnings);
    let put = |cache: &Cache| cache.put(key, &baked.blob, source.modified).ok();
    if let Some(kept) = cache.and_then(put).and_then(usable) {
        return Ok(kept);
    }
    // No place to write: slower to compile (1 to 2 s for 16 MB), the same program.
    let literal = Literal::byte_string(&baked.blob);
    Ok((baked.blob.len(), quote!(#literal)))
}

/// Says what is odd about a file, once: when it is baked.
///
/// Stable Rust lets a proc macro emit errors only. The known trick, a use of a deprecated item, would
/// come back with every build and stop those with `-D warnings` over a file that nobody can change.
/// Cargo passes the compiler's standard error on; whoever wants an error has `strict = true`.
fn warn(name: &str, warnings: &[Warning]) {
    for warning in warnings {
        let place = warning.place_in(name);
        eprintln!("warning: {place}: {warning} (an error with `strict = true`)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr as _;

    fn surroundings(cache: Option<&Path>) -> Surroundings {
        let place = cache.map(Path::to_path_buf);
        Surroundings {
            manifest_dir: Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures"),
            cache: Cache::find(["rustc".into()].into_iter(), place),
            in_editor: false,
        }
    }

    fn expanded(source: &str, surroundings: &Surroundings) -> String {
        let input = TokenStream::from_str(source).expect("tokens");
        expand(input, surroundings).to_string()
    }

    fn folder(name: &str) -> PathBuf {
        let folder = env::temp_dir().join(format!("comptok-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn the_blob_is_included_from_the_cache_and_baked_once() {
        let folder = folder("expand");
        let surroundings = surroundings(Some(&folder));
        let source = "::comptok; \"tiny.json\"";
        let first = expanded(source, &surroundings);
        // The source is tracked, the blob is the data.
        assert_eq!(first.matches("include_bytes").count(), 2, "{first}");
        assert!(first.contains("tiny.json") && first.contains("comptok-blobs"), "{first}");
        assert!(first.contains(":: comptok :: Tokenizer :: from_static"), "{first}");
        assert!(first.len() < 1024, "{first}");

        let blobs = || fs::read_dir(folder.join("comptok-blobs")).expect("it is there");
        let blob = blobs().next().expect("one").expect("one").path();
        let stamp = UNIX_EPOCH + std::time::Duration::from_secs(1);
        fs::File::options()
            .write(true)
            .open(&blob)
            .and_then(|file| file.set_modified(stamp))
            .expect("a new time stamp");
        assert_eq!(expanded(source, &surroundings), first);
        let now = fs::metadata(&blob).and_then(|data| data.modified()).expect("a time stamp");
        assert_eq!(now, stamp, "the blob was written again");

        // Strict is a bake of its own, other special tokens are another blob.
        assert_eq!(blobs().count(), 1);
        expanded("::comptok; \"tiny.json\", strict = true", &surroundings);
        assert_eq!(blobs().count(), 2);
        for id in [256 + 20, 256 + 21] {
            let special = format!("{{\"<|endoftext|>\": {id}}}");
            let source = format!(
                "::comptok; \"tiny.tiktoken\", pattern = \"gpt2\", special_tokens = {special}"
            );
            let tokens = expanded(&source, &surroundings);
            assert!(!tokens.contains("compile_error"), "{tokens}");
        }
        assert_eq!(blobs().count(), 4);

        // Another profile is another blob, and cargo looks at its text too.
        for text in ["tiny.json", "tiny.tiktoken"] {
            let source = format!("::comptok; \"tiny.json\", profile = \"{text}\"");
            let tokens = expanded(&source, &surroundings);
            assert_eq!(tokens.matches("include_bytes").count(), 3, "{tokens}");
        }
        assert_eq!(blobs().count(), 6);
        let _ = fs::remove_dir_all(folder);
    }

    #[test]
    fn without_a_cache_the_blob_is_a_literal() {
        let tokens = expanded("::comptok; \"tiny.json\"", &surroundings(None));
        assert_eq!(tokens.matches("include_bytes").count(), 1, "the source only");
        assert!(tokens.contains("b\"CTOK"), "{tokens}");
    }

    #[test]
    fn a_blob_is_included_as_it_is() {
        let folder = folder("as-it-is");
        fs::create_dir_all(&folder).expect("a temporary folder");
        let surroundings =
            Surroundings { manifest_dir: folder.clone(), ..surroundings(Some(&folder)) };
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tiny.json");
        let source = fs::read(fixture).expect("the fixture");
        let mut blob = bake_file(&source, &FileOptions::default()).expect("a good file").blob;
        fs::write(folder.join("tiny.ctok"), &blob).expect("written");

        let tokens = expanded("::comptok; \"tiny.ctok\"", &surroundings);
        assert_eq!(tokens.matches("tiny.ctok").count(), 2, "{tokens}");
        assert!(!folder.join("comptok-blobs").exists(), "nothing is baked");

        *blob.last_mut().expect("bytes") ^= 1;
        fs::write(folder.join("tiny.ctok"), &blob).expect("written");
        let tokens = expanded("::comptok; \"tiny.ctok\"", &surroundings);
        assert!(tokens.contains("tiny.ctok: blob is damaged"), "{tokens}");
        let _ = fs::remove_dir_all(folder);
    }

    #[test]
    fn an_editor_gets_a_type_and_no_data() {
        let surroundings = Surroundings { in_editor: true, ..surroundings(None) };
        let tokens = expanded("::comptok; \"tiny.json\"", &surroundings);
        assert_eq!(tokens, ":: comptok :: __private :: in_editor ()");
        // Arguments are checked all the same.
        for (source, wanted) in [
            ("c; \"tiny.json\", strict = 1", "strict is true or false"),
            (
                "c; \"tiny.json\", profile = \"absent.txt\"",
                "(paths begin at the folder of Cargo.toml)",
            ),
            ("c; \"absent.json\"", "(paths begin at the folder of Cargo.toml)"),
            ("c; \"tiny.json\", pattern = \"gpt2\"", "the file has its own pattern"),
        ] {
            let tokens = expanded(source, &surroundings);
            assert!(tokens.contains("compile_error") && tokens.contains(wanted), "{tokens}");
        }
    }

    #[test]
    fn mistakes_are_one_expression() {
        let tokens = expanded("c; \"absent\", strict = 1", &surroundings(None));
        assert_eq!(tokens.matches("compile_error").count(), 2, "{tokens}");
        assert!(tokens.starts_with('{') && tokens.ends_with(") }"), "{tokens}");
    }
}
