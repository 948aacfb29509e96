//! Bakes the vocabularies whose features are on.
//!
//! `comptok_bake` is comptok-bake built for the host, under a name of its own: the optional dependency of
//! the same package that `load` brings in is for the target, and a vocabulary does not need it there.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "__bake")]
    comptok_bake::build::bundled("vocab", |name| {
        std::env::var_os(format!("CARGO_FEATURE_{}", name.to_uppercase())).is_some()
    });
}
