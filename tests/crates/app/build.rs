fn main() {
    let options = comptok_bake::FileOptions::default();
    comptok_bake::build::vocabulary("from-build", "words.json", &options);
}
