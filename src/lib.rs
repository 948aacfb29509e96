//! comptok bakes a tokenizer into the program that uses it.
