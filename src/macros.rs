//! The macros that bring a tokenizer into a program.

/// A tokenizer from a file, baked while the crate compiles.
///
/// ```
/// use comptok::{Tokenizer, include_tokenizer};
///
/// static TOKENIZER: Tokenizer = include_tokenizer!("tests/fixtures/tiny.json");
///
/// assert_eq!(TOKENIZER.encode_ordinary("the tokens"), [257, 268, 115]);
/// ```
///
/// The path begins at the folder of `Cargo.toml`. The format is recognised from the content: a
/// HuggingFace `tokenizer.json`, a `.tiktoken` file of ranks, or a `.ctok` blob that `comptok bake`
/// wrote, which is included as it is. A rank file does not say how to cut text, and has no special
/// tokens:
///
/// ```
/// # use comptok::{Tokenizer, include_tokenizer};
/// static TOKENIZER: Tokenizer = include_tokenizer!(
///     "tests/fixtures/tiny.tiktoken",
///     pattern = "o200k",
///     special_tokens = {"<|endoftext|>": 300, "<|pad|>": 301},
/// );
/// # assert_eq!(TOKENIZER.decode_bytes(&[300, 104]).unwrap(), b"<|endoftext|>h");
/// ```
///
/// | argument | meaning |
/// | --- | --- |
/// | `pattern = "…"` | `gpt2`, `r50k`, `cl100k`, `o200k`, `llama3`, `qwen2` and others (a wrong name is answered with the list), or a regular expression |
/// | `special_tokens = {"…": id}` | special tokens of a rank file |
/// | `profile = "…"` | a file of text like the one that will be encoded: its frequent words are found at once; up to 1 MiB more, the same ids |
/// | `strict = true` | what is worth a warning is an error |
///
/// # Static, not const
///
/// The expansion is a constant expression, for a `static`, a `const` or a `let`. Prefer a `static`: it
/// is one place in memory, and the linker drops everything that its pre-tokenizer does not need.
/// A `const` works, but is a new value wherever it is named.
///
/// # What it costs to build
///
/// The first build bakes; the blob is then kept in cargo's target folder (`comptok-blobs`) under the
/// hash of its source, so that other edits bake nothing, and a changed file is baked again. Baking
/// runs without optimizations unless the program that uses this says otherwise:
///
/// ```toml
/// [profile.dev.build-override]
/// opt-level = 2
/// ```
///
/// # Warnings and errors
///
/// A mistake in the arguments or in the file is a compile error at the argument, with line and column
/// of the file. What HuggingFace accepts but is probably not meant, such as a token that is listed
/// twice, is a line on standard error when the file is baked. It is not a compiler warning, so
/// `-D warnings` leaves it alone; `strict = true` makes it an error.
#[cfg(feature = "macros")]
#[macro_export]
macro_rules! include_tokenizer {
    ($($args:tt)*) => { $crate::__private::include_tokenizer! { $crate; $($args)* } };
}

/// A tokenizer that the crate's build script baked with `comptok_bake::build`, by its name.
///
/// No proc macro takes part, so that `comptok` may be used without its feature `macros`.
///
/// ```ignore
/// // build.rs: comptok_bake::build::vocabulary("words", "words.json", &Default::default())
/// static WORDS: comptok::Tokenizer = comptok::include_baked!("words");
/// ```
#[macro_export]
macro_rules! include_baked {
    ($name:literal $(,)?) => {{
        // The length of the file makes the type sized: see the expansion of `include_tokenizer!`.
        // Naming the file twice costs 0.02 s for 16 MB.
        static BLOB: $crate::__private::Aligned<
            [::core::primitive::u8;
                ::core::include_bytes!(::core::concat!(
                    ::core::env!("OUT_DIR"),
                    "/",
                    $name,
                    ".ctok"
                ))
                .len()],
        > = $crate::__private::Aligned(*::core::include_bytes!(::core::concat!(
            ::core::env!("OUT_DIR"),
            "/",
            $name,
            ".ctok"
        )));
        const { $crate::Tokenizer::from_static(&BLOB.0) }
    }};
}
