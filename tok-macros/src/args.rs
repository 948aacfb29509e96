//! What stands between the parentheses.
//!
//! Parsing goes on after a mistake, so that one build shows all of them.

use comptok_bake::read::PatternArg;
use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Ident, LitBool, LitInt, LitStr, Token, braced,
    parse::{ParseStream, Parser},
};

/// Mistakes, each with the place that caused it.
#[derive(Debug, Default)]
pub(crate) struct Errors(pub(crate) Vec<(Span, String)>);

impl Errors {
    pub(crate) fn push(&mut self, span: Span, message: impl Into<String>) {
        self.0.push((span, message.into()));
    }

    fn extend(&mut self, error: syn::Error) {
        self.0.extend(error.into_iter().map(|error| (error.span(), error.to_string())));
    }
}

/// The arguments, as far as they could be read.
#[derive(Default)]
pub(crate) struct Args {
    /// The path of comptok, from the `macro_rules!` in front.
    pub(crate) krate: TokenStream,
    /// The file.
    pub(crate) path: Option<LitStr>,
    /// `pattern = "…"`.
    pub(crate) pattern: Option<LitStr>,
    /// `special_tokens = {"…": 1}`, and where the argument stands.
    pub(crate) special_tokens: Vec<(String, u32)>,
    pub(crate) special_tokens_at: Option<Span>,
    /// The places of the ids in it.
    pub(crate) ids_at: Vec<Span>,
    /// `profile = "…"`: a file of text.
    pub(crate) profile: Option<LitStr>,
    /// `strict = true`.
    pub(crate) strict: bool,
}

const KNOWN: &str =
    "known are pattern = \"…\", special_tokens = {\"…\": 0}, profile = \"…\" and strict = true";

/// Reads `<comptok>; "path" [, name = value]* [,]`.
pub(crate) fn parse(input: TokenStream) -> (Args, Errors) {
    let (mut args, mut errors) = (Args::default(), Errors::default());
    let read = |input: ParseStream<'_>| arguments(input, &mut args, &mut errors);
    if let Err(error) = read.parse2(input) {
        errors.extend(error);
    }
    (args, errors)
}

fn arguments(input: ParseStream<'_>, args: &mut Args, errors: &mut Errors) -> syn::Result<()> {
    while !input.peek(Token![;]) {
        args.krate.extend([input.parse::<TokenTree>()?]);
    }
    input.parse::<Token![;]>()?;

    if input.is_empty() {
        errors.push(
            Span::call_site(),
            "the path of a tokenizer file is missing, as in include_tokenizer!(\"tokenizer.json\")",
        );
        return Ok(());
    }
    match input.parse::<LitStr>() {
        Ok(path) => args.path = Some(path),
        Err(error) => {
            let message = "the path has to be a string literal (a proc macro cannot evaluate \
                           concat!, env! or a constant)";
            errors.push(error.span(), message);
            skip(input)?;
        }
    }
    let mut seen: Vec<String> = Vec::new();
    while !input.is_empty() {
        if let Err(error) = input.parse::<Token![,]>() {
            errors.push(error.span(), "expected a comma between arguments");
            skip(input)?;
            continue;
        }
        if input.is_empty() {
            break;
        }
        if let Err(error) = argument(input, args, errors, &mut seen) {
            errors.extend(error);
            skip(input)?;
        }
    }
    if let Some(pattern) = &args.pattern
        && let Err(error) = PatternArg::from(pattern.value().as_str()).pre_tokenizer()
    {
        errors.push(pattern.span(), error.to_string());
    }
    Ok(())
}

/// Leaves the rest of an argument that is not understood.
fn skip(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

fn argument(
    input: ParseStream<'_>,
    args: &mut Args,
    errors: &mut Errors,
    seen: &mut Vec<String>,
) -> syn::Result<()> {
    let name: Ident = input.parse().map_err(|error| {
        syn::Error::new(error.span(), format!("expected an argument name; {KNOWN}"))
    })?;
    let text = name.to_string();
    if !["pattern", "special_tokens", "profile", "strict"].contains(&text.as_str()) {
        return Err(syn::Error::new(name.span(), format!("unknown argument `{text}`; {KNOWN}")));
    }
    if seen.contains(&text) {
        return Err(syn::Error::new(name.span(), format!("`{text}` is given twice")));
    }
    input.parse::<Token![=]>().map_err(|error| {
        syn::Error::new(error.span(), format!("expected `{text} = …`; {KNOWN}"))
    })?;
    match text.as_str() {
        "pattern" => {
            args.pattern = Some(input.parse().map_err(|error: syn::Error| {
                syn::Error::new(
                    error.span(),
                    "a pattern is a string literal: a name or a regular expression",
                )
            })?);
        }
        "profile" => {
            args.profile = Some(input.parse().map_err(|error: syn::Error| {
                syn::Error::new(error.span(), "a profile is a string literal: the path of a text")
            })?);
        }
        "special_tokens" => {
            special_tokens(input, args, errors)?;
            args.special_tokens_at = Some(name.span());
        }
        _ => {
            let value = input.parse::<LitBool>();
            args.strict = value
                .map_err(|error| syn::Error::new(error.span(), "strict is true or false"))?
                .value();
        }
    }
    seen.push(text);
    Ok(())
}

const SPECIAL_TOKENS: &str = "special tokens are written {\"<|endoftext|>\": 50256, …}";

/// Reads `{"<|endoftext|>": 50256, …}`.
fn special_tokens(input: ParseStream<'_>, args: &mut Args, errors: &mut Errors) -> syn::Result<()> {
    if !input.peek(syn::token::Brace) {
        return Err(syn::Error::new(input.span(), SPECIAL_TOKENS));
    }
    let content;
    braced!(content in input);
    while !content.is_empty() {
        if let Err(error) = special_token(&content, args, errors) {
            errors.push(error.span(), SPECIAL_TOKENS);
            skip(&content)?;
        }
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(())
}

fn special_token(input: ParseStream<'_>, args: &mut Args, errors: &mut Errors) -> syn::Result<()> {
    let tokens = &mut args.special_tokens;
    let name: LitStr = input.parse()?;
    input.parse::<Token![:]>()?;
    let id: LitInt = input.parse()?;
    if !(input.is_empty() || input.peek(Token![,])) {
        return Err(input.error(""));
    }
    let text = name.value();
    match id.base10_parse::<u32>() {
        _ if text.is_empty() => errors.push(name.span(), "a special token cannot be empty"),
        _ if tokens.iter().any(|(known, _)| *known == text) => {
            errors.push(name.span(), format!("special token {text:?} is listed twice"));
        }
        Ok(number) if tokens.iter().any(|&(_, known)| known == number) => {
            errors.push(id.span(), format!("two special tokens have the id {number}"));
        }
        Ok(number) => {
            tokens.push((text, number));
            args.ids_at.push(id.span());
        }
        Err(_) => errors.push(id.span(), format!("an id is a number from 0 to {}", u32::MAX)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr as _;

    fn read(source: &str) -> (Args, Vec<String>) {
        let (args, errors) = parse(TokenStream::from_str(source).expect("tokens"));
        (args, errors.0.into_iter().map(|(_, message)| message).collect())
    }

    #[test]
    fn every_argument_is_read() {
        let (args, errors) = read(
            "::comptok; \"x.tiktoken\", pattern = r\"\\S+\", \
             special_tokens = {\"<a>\": 7, \"<b>\": 1_000,}, profile = \"x.txt\", strict = true,",
        );
        assert_eq!(errors, [""; 0]);
        assert_eq!(args.krate.to_string(), ":: comptok");
        assert_eq!(args.path.expect("a path").value(), "x.tiktoken");
        assert_eq!(args.pattern.expect("a pattern").value(), "\\S+");
        assert_eq!(args.special_tokens, [("<a>".to_owned(), 7), ("<b>".to_owned(), 1000)]);
        assert_eq!(args.profile.expect("a profile").value(), "x.txt");
        assert!(args.strict);
    }

    #[test]
    fn only_the_path_is_needed() {
        for source in ["c; \"x\"", "c; \"x\","] {
            let (args, errors) = read(source);
            assert_eq!((errors.len(), args.strict, args.pattern.is_none()), (0, false, true));
        }
    }

    #[test]
    fn each_mistake_has_its_message() {
        let cases = [
            ("c;", "the path of a tokenizer file is missing"),
            ("c; X", "the path has to be a string literal"),
            ("c; \"x\" strict = true", "expected a comma between arguments"),
            ("c; \"x\", 3", "expected an argument name"),
            ("c; \"x\", patern = \"gpt2\"", "unknown argument `patern`"),
            ("c; \"x\", strict = true, strict = true", "`strict` is given twice"),
            ("c; \"x\", profile = x", "a profile is a string literal"),
            ("c; \"x\", strict", "expected `strict = …`"),
            ("c; \"x\", strict = 1", "strict is true or false"),
            ("c; \"x\", pattern = gpt2", "a pattern is a string literal"),
            ("c; \"x\", pattern = \"gpt9\"", "unknown pattern \"gpt9\""),
            ("c; \"x\", special_tokens = [1]", "special tokens are written"),
            ("c; \"x\", special_tokens = {\"a\" = 1}", "special tokens are written"),
            ("c; \"x\", special_tokens = {\"a\": 1 2}", "special tokens are written"),
            ("c; \"x\", special_tokens = {\"a\": -1}", "an id is a number"),
            ("c; \"x\", special_tokens = {\"\": 1}", "a special token cannot be empty"),
            ("c; \"x\", special_tokens = {\"a\": 1, \"a\": 2}", "\"a\" is listed twice"),
            ("c; \"x\", special_tokens = {\"a\": 1, \"b\": 1}", "have the id 1"),
            ("c; \"x\", special_tokens = {\"a\": 4294967296}", "an id is a number"),
        ];
        for (source, wanted) in cases {
            let (_, errors) = read(source);
            assert_eq!(errors.len(), 1, "{source}: {errors:?}");
            assert!(errors[0].contains(wanted), "{source}: {errors:?}");
        }
    }

    #[test]
    fn all_mistakes_are_reported_at_once() {
        let (args, errors) = read(
            "c; concat!(\"a\", \"b\"), pattern = \"gpt9\", colour = {1, 2}, strict = maybe, \
             special_tokens = {\"a\": -1, b: 2, \"c\": 3, \"c\": 4}",
        );
        assert!(args.path.is_none());
        assert_eq!(errors.len(), 7, "{errors:?}");
    }
}
