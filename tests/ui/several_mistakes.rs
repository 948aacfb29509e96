static TOKENIZER: comptok::Tokenizer = comptok::include_tokenizer!(
    "/nowhere/absent.json",
    patern = "gpt2",
    pattern = "gpt5",
    special_tokens = {"<|a|>": 300, "<|b|>": 300, 301: "<|c|>"},
    strict = "yes",
    strict = true,
    strict = true,
);

fn main() {
    println!("{:?}", TOKENIZER);
}
