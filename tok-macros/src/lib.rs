//! The proc macro behind `comptok::include_tokenizer!`.
//!
//! It is called by a `macro_rules!` of comptok, which passes its own `$crate`, so that a renamed
//! or re-exported comptok works. Use that one; this crate has no stable interface.

mod args;
mod cache;
mod expand;

use expand::Surroundings;
use proc_macro::TokenStream;

/// A tokenizer from a file: `include_tokenizer!(<path of comptok>; "path", …)`.
///
/// The arguments are explained at `comptok::include_tokenizer!`.
#[proc_macro]
pub fn include_tokenizer(input: TokenStream) -> TokenStream {
    expand::expand(input.into(), &Surroundings::of_this_process()).into()
}
