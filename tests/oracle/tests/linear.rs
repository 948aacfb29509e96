//! Time grows with the text and no faster, through whole tokenizers, whatever the text is.

#![cfg(all(target_os = "linux", target_pointer_width = "64"))]

use comptok::{Scratch, Special, Tokenizer};
use comptok_oracle::{clock::processor_time, reference::unzip, samples};

/// Texts that are slow for something that is not linear.
fn slow_texts(len: usize) -> [(&'static str, String); 9] {
    let fill = |part: &str| part.repeat(len / part.len());
    [
        ("one letter", fill("a")),
        ("spaces", fill(" ")),
        ("##", fill("#")),
        ("combining marks", fill("\u{301}")),
        ("unknown chars", fill("𒀀")),
        ("zéa", fill("zéa")),
        ("short words", fill("a b ")),
        ("open ends", fill("▁ \u{a0} ")),
        ("line ends", fill("\r\n\n ")),
    ]
}

/// Four times the text may take twelve times as long: what is linear takes four, and up to eight with caches that
/// do not hold it any more; what is quadratic takes sixteen.
#[test]
fn time_is_linear() {
    let Some(shared) = samples::shared() else { return };
    let json = |name: &str| shared.join(format!("vocabs/tokenizer_json/{name}.json.gz"));
    let model = |name: &str| shared.join(format!("vocabs/sentencepiece/{name}.model.gz"));
    let mut slow = Vec::new();
    for path in [
        json("bert_uncased"),
        json("t5_small"),
        json("xlnet_base_cased"),
        json("mistral01"),
        json("ort_nmt"),
        json("clip_base"),
        json("gpt2"),
        model("mistral_v1"),
        model("test_model"),
    ] {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let tokenizer = Tokenizer::from_bytes(&unzip(&path)).expect("a tokenizer");
        let (mut scratch, mut ids) = (Scratch::new(), Vec::new());
        let mut time = |text: &str| {
            ids.clear();
            let start = processor_time();
            tokenizer.encode_into(text, Special::All, &mut ids, &mut scratch).expect("ids");
            (processor_time() - start).as_secs_f64()
        };
        let (short, long) = (slow_texts(1 << 18), slow_texts(1 << 20));
        for ((what, short), (_, long)) in short.iter().zip(&long) {
            let (mut one, mut four) = (f64::MAX, f64::MAX);
            for _ in 0..6 {
                one = one.min(time(short));
                four = four.min(time(long));
                if four < 12.0 * one {
                    break;
                }
            }
            println!("{name}: {what}: {:.1} MB/s, {:.1} times", 1.048 / four, four / one);
            if four >= 12.0 * one && four > 0.01 {
                slow.push(format!("{name}: {what}: {:.1}", four / one));
            }
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}
