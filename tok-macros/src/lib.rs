//! The proc macros behind comptok::include_tokenizer!
