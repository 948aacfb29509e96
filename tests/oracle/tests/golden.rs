//! The golden set, tests/golden: what the reference libraries say of texts made for it, for tests that
//! have nothing but the repository.
//!
//! `cargo xtask golden` writes it; without that, the files must be what would be written.

use std::path::Path;

use comptok_oracle::{
    random::{self, Random},
    reference::Reference,
};
use serde_json::json;

/// White space, and what stands around it.
const SPACES: &[&str] = &[
    "",
    " ",
    "  ",
    "   ",
    "\t",
    "\n",
    "\r\n",
    "\n\n\n",
    " \n",
    "\n ",
    "  \n  ",
    "\t\t\tx",
    "x\t\t\t",
    "end of line   \n   start of line",
    "a  b   c    d     e",
    "\r\r\n\n\r",
    "trailing ",
    "trailing\n",
    "trailing \n\n ",
    " leading",
    "\u{A0}no\u{A0}break\u{A0}",
    "\u{3000}wide\u{3000}\u{3000}spaces",
    "\u{2028}line\u{2029}paragraph\u{85}next",
    "zero\u{200B}width\u{FEFF}joined\u{2060}",
];

/// English: contractions, capitals, punctuation.
const ENGLISH: &[&str] = &[
    "The kettle was already singing when Marta came in from the rain.",
    "It's what they'd've said if we'll ask 'em, isn't it? I'm sure you're right.",
    "IT'S WHAT THEY'D SAY, WE'LL SEE, I'M SURE, YOU'RE RIGHT, WE'VE DONE.",
    "'s 't 're 've 'm 'll 'd",
    "''s '''t don''t o'clock rock'n'roll \u{2019}s don\u{2019}t",
    "The \u{17F}traight \u{212A}elvin: it'\u{17F} so",
    "Wait... what?! No -- really?? (Yes.) [No.] {Maybe.}",
    "\"Quoted,\" she said; 'quoted,' he said: `quoted`.",
    "snake_case kebab-case camelCase PascalCase SCREAMING_SNAKE XMLHttpRequest",
    "antidisestablishmentarianism floccinaucinihilipilification",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz",
    "Mr. O'Neil-Smith, Ph.D., owes me $1,234.56 (about \u{20AC}1.100,00)!",
    "hello, world\nhello, world!\nHello, World!\nHELLO, WORLD!",
];

/// Numbers.
const DIGITS: &[&str] = &[
    "0",
    "12",
    "123",
    "1234",
    "12345678901234567890",
    "3.14159265358979 2.71828182845905",
    "1,000,000 1_000_000 1e-10 0xDEADBEEF 0b1010 0o777",
    "2031-07-09T23:59:59.999+02:00",
    "10.0.0.255:8080 fe80::1ff:fe23:4567:890a",
    "x1 1x x12x 12x34y56z",
    "\u{663}\u{664}\u{665} \u{967}\u{968}\u{969} \u{FF11}\u{FF12}\u{FF13}\u{FF14}",
    "\u{BD} \u{B2} \u{2167} \u{2460} \u{1D7D8}\u{1D7D9}",
    "+49 (0)30 1234-5678",
    "00000000 99999999 1111 22222 333333",
];

/// Programs and what programs write.
const CODE: &[&str] = &[
    "fn main() {\n    println!(\"{:?}\", (0..10).map(|i| i * i).collect::<Vec<_>>());\n}\n",
    "def f(x):\n\tif x:\n\t\treturn [y for y in x if y is not None]\n\treturn {}\n",
    "for (let i = 0; i < n; i++) { a[i] ??= b?.[i] ?? (() => ({}))(); }",
    "#include <stdint.h>\r\nint main(void)\r\n{\r\n\treturn (int)sizeof(uint64_t);\r\n}\r\n",
    "<div class=\"row\"><a href='/x?y=1&amp;z=2#top'>link</a><br/></div>",
    "SELECT a.id, COUNT(*) AS n FROM a LEFT JOIN b ON a.id = b.a_id GROUP BY 1 HAVING n > 3;",
    "{\"key\": [1, 2.5, -3e4, true, false, null, \"\\u00e9\\n\"]}",
    "\\frac{\\partial^2 u}{\\partial t^2} = c^2 \\nabla^2 u",
    "if ((a && !b) || (c ^ ~d) >> 2 != 0x1F) { goto *p->next[--i]; }",
    "https://user@example.org:8443/a/b/../c.html?q=%20x+y&r[]=1#frag",
    "$ grep -rn --include='*.rs' \"foo|bar\" . | awk '{print $1}' > /dev/null 2>&1",
    "/* comment */ // comment\n# comment\n-- comment\n;; comment\n%% comment",
    "===================\n-------------------\n*******************\n////////////",
    "let s = r#\"raw \"string\" here\"#; // \u{2190} that",
    "        deeply\n            indented\n                text\n",
    "a//b\n//c\r\n///d/\n/\n!/\n",
    "0 = 1 != 2 === 3 !== 4 <=> 5 <<= 6 >>>= 7 **= 8 //= 9 ::= 10 |> 11",
];

/// Other scripts.
const SCRIPTS: &[&str] = &[
    "Zw\u{F6}lf gro\u{DF}e Boxk\u{E4}mpfer jagen \u{DC}belt\u{E4}ter \u{FC}ber den Deich.",
    "L'\u{E9}t\u{E9}, c'est l\u{E0} qu'on boit du th\u{E9} glac\u{E9} \u{2014} n'est-ce pas\u{A0}?",
    "El ni\u{F1}o comi\u{F3} pi\u{F1}a, \u{BF}verdad? \u{A1}Claro!",
    "\u{413}\u{434}\u{435} \u{436}\u{435} \u{43C}\u{43E}\u{438} \u{43A}\u{43B}\u{44E}\u{447}\u{438}?",
    "\u{39A}\u{3B1}\u{3BB}\u{3B7}\u{3BC}\u{3AD}\u{3C1}\u{3B1} \u{3BA}\u{3CC}\u{3C3}\u{3BC}\u{3B5}!",
    "\u{5E9}\u{5DC}\u{5D5}\u{5DD} \u{5E2}\u{5D5}\u{5DC}\u{5DD}, \u{5D6}\u{5D4} \u{5DE}\u{5D1}\u{5D7}\u{5DF}",
    "\u{645}\u{631}\u{62D}\u{628}\u{627} \u{628}\u{627}\u{644}\u{639}\u{627}\u{644}\u{645}\u{60C} \u{643}\u{640}\u{640}\u{640}\u{640}\u{64A}\u{641}\u{61F}",
    "\u{928}\u{92E}\u{938}\u{94D}\u{924}\u{947} \u{926}\u{941}\u{928}\u{93F}\u{92F}\u{93E}\u{964}",
    "\u{BB5}\u{BA3}\u{B95}\u{BCD}\u{B95}\u{BAE}\u{BCD} \u{B89}\u{BB2}\u{B95}\u{BAE}\u{BCD}",
    "\u{E2A}\u{E27}\u{E31}\u{E2A}\u{E14}\u{E35}\u{E0A}\u{E32}\u{E27}\u{E42}\u{E25}\u{E01}",
    "\u{4ECA}\u{65E5}\u{306F}\u{3044}\u{3044}\u{5929}\u{6C17}\u{3067}\u{3059}\u{306D}\u{3002}\u{30B3}\u{30FC}\u{30D2}\u{30FC}\u{98F2}\u{3080}\u{FF1F}",
    "\u{8FD9}\u{4E2A}\u{5468}\u{672B}\u{6211}\u{4EEC}\u{53BB}\u{722C}\u{5C71}\u{FF0C}\u{597D}\u{5417}\u{FF1F}\u{5E26}\u{4E0A}12\u{74F6}\u{6C34}\u{3002}",
    "\u{C624}\u{B298} \u{C544}\u{CE68}\u{C740} \u{C815}\u{B9D0} \u{CD94}\u{C6CC}\u{C694}.",
    "\u{4EE}\u{13A0}\u{AB70}\u{10D0}\u{1C90} \u{1E9E}\u{DF} \u{130}i\u{131}I",
    "\u{1C5}\u{1C8}\u{1F88}\u{1FFC} \u{2B0}\u{2C8} \u{AA}\u{BA}",
    "e\u{301}e\u{301} \u{E9}\u{E9} a\u{30A}\u{327} o\u{302}\u{323} \u{1112}\u{1161}\u{11AB}",
    "\u{FF28}\u{FF45}\u{FF4C}\u{FF4C}\u{FF4F} \u{FB01}\u{FB06} \u{1D400}\u{1D41A} \u{2126}\u{212B}",
    "mixed \u{6DF7}\u{5408} \u{441}\u{43C}\u{435}\u{441}\u{44C} \u{645}\u{62E}\u{62A}\u{644}\u{637} \u{D63C}\u{D569} text",
    "\u{20000}\u{2A6DF}\u{3007}\u{3021} \u{5369}\u{9FA5}\u{9FA6}\u{4DFF}",
];

/// Emoji, symbols, controls.
const SYMBOLS: &[&str] = &[
    "\u{1F600}",
    "\u{1F44D}\u{1F3FD} \u{1F44D} \u{2764}\u{FE0F} \u{2764}",
    "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}\u{200D}\u{1F466} family",
    "\u{1F1E9}\u{1F1EA}\u{1F1EB}\u{1F1F7}\u{1F1EF}\u{1F1F5}",
    "1\u{FE0F}\u{20E3} #\u{FE0F}\u{20E3}",
    "ok\u{1F600}ok \u{1F600}\u{1F600}\u{1F600}!",
    "\u{20AC}\u{A3}\u{A5}\u{20BF} \u{A9}\u{AE}\u{2122} \u{B1}\u{D7}\u{F7} \u{2192}\u{2190}\u{21D2}",
    "\u{221A}\u{222B}\u{2211}\u{221E}\u{2248}\u{2260}\u{2264} x\u{B2}+y\u{B2}",
    "\u{250C}\u{2500}\u{2510}\n\u{2502} \u{2502}\n\u{2514}\u{2500}\u{2518}",
    "\0",
    "a\0b\u{1}c\u{7F}d\u{9F}e",
    "\u{AD}soft\u{AD}hyphen\u{AD}",
    "\u{E000}\u{F8FF}\u{FFFD}\u{FFFF}\u{10FFFF}\u{378}",
    "\u{AB}\u{2026}\u{BB} \u{2013}\u{2014} \u{201C}\u{201D}\u{2018}\u{2019} \u{A7}\u{B7}\u{2022}",
    "!!!???...,,,;;;:::---___***###@@@&&&%%%$$$^^^~~~```|||\\\\\\///",
    ")]}>({[<\"'`",
];

/// What looks like special tokens, and is one in some vocabulary.
const SPECIAL: &[&str] = &[
    "<|endoftext|>",
    "<|endoftext|><|endoftext|>",
    "before<|endoftext|>after",
    "before <|endoftext|> after",
    "\n<|endoftext|>\n",
    "<|endoftext|",
    "<|endoftext<|endoftext|>|>",
    "<<|endoftext|>>",
    "<|ENDOFTEXT|> <| endoftext |>",
    "<|fim_prefix|>def f(<|fim_suffix|>):\n<|fim_middle|>x",
    "<|fim_prefix|><|fim_middle|><|fim_suffix|>",
    "<|start|>user<|message|>Hi<|end|><|start|>assistant<|channel|>final<|message|>Yo<|return|>",
    "<|call|><|constrain|>json<|startoftext|>",
    "<|reserved_200000|><|reserved_201087|><|reserved_201088|>",
    "one<|endofprompt|>two<|endofprompt|><|reserved_200018|>",
    "<|im_start|>system\nNo token here.<|im_end|>",
    "don't<|endoftext|>'t it's 1234<|endoftext|>5678   <|endoftext|>   ",
];

fn texts() -> Vec<String> {
    let written = [SPACES, ENGLISH, DIGITS, CODE, SCRIPTS, SYMBOLS, SPECIAL].concat();
    let mut texts: Vec<String> = written.into_iter().map(str::to_owned).collect();
    // Long runs: merges over one pre-token, and tables of runs of spaces.
    for (unit, times) in [
        ("a", 300),
        ("ab", 200),
        ("na", 77),
        (" ", 200),
        ("\n", 100),
        ("\t", 50),
        (" \n", 40),
        ("-", 150),
        ("=", 64),
        ("!?", 60),
        ("0", 100),
        ("9 ", 50),
        ("\u{4E00}", 60),
        ("\u{1F600}", 40),
        ("e\u{301}", 50),
        ("\u{200D}", 40),
        ("ABab", 40),
        ("word ", 60),
        ("'s", 40),
        ("\r\n", 33),
    ] {
        texts.push(unit.repeat(times));
        texts.push(format!("x {} y", unit.repeat(times - 1)));
    }
    let mut random = Random::new(20);
    texts.extend((0..60).map(|_| random::text(&mut random, 120)));
    // Words of letters that were never seen together.
    for len in [20, 64, 65, 130, 400] {
        texts.push((0..len).map(|_| char::from(b'a' + random.below(26) as u8)).collect());
    }
    texts
}

fn check(name: &str, reference: &Reference) {
    let texts = texts();
    let mut lines = json!({
        "tokenizer": name,
        "library": reference.library(),
        "rows": texts.len(),
    })
    .to_string();
    for text in &texts {
        let (ids, ordinary) = (reference.special(text), reference.ordinary(text));
        lines.push('\n');
        lines += &json!({ "text": text, "ids": ids, "ordinary": ordinary }).to_string();
    }
    lines.push('\n');
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../golden/{name}.jsonl"));
    if std::env::var_os("COMPTOK_WRITE_GOLDEN").is_some() {
        std::fs::create_dir_all(file.parent().expect("it has one")).expect("the folder");
        std::fs::write(&file, lines).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        return;
    }
    let found =
        std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    for (found, wanted) in found.lines().zip(lines.lines()) {
        assert_eq!(found, wanted, "{name}: write it with `cargo xtask golden`");
    }
    assert_eq!(found.len(), lines.len(), "{name}");
}

fn check_tiktoken(name: &str) {
    check(name, &Reference::tiktoken(name));
}

#[test]
fn gpt2() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vocab/gpt2.json");
    let json = std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    check("gpt2", &Reference::hugging_face(&json));
}

#[test]
fn r50k_base() {
    check_tiktoken("r50k_base");
}

#[test]
fn p50k_base() {
    check_tiktoken("p50k_base");
}

#[test]
fn p50k_edit() {
    check_tiktoken("p50k_edit");
}

#[test]
fn cl100k_base() {
    check_tiktoken("cl100k_base");
}

#[test]
fn o200k_base() {
    check_tiktoken("o200k_base");
}

#[test]
fn o200k_harmony() {
    check_tiktoken("o200k_harmony");
}
