//! A sink that is full in front of a long pre-token: who makes room and goes on gets the same ids, whether
//! the memory is as it was or not.

#[path = "support/bundled.rs"]
mod bundled;

use bundled::load;
use comptok_core::{
    Cache, Cursor, Engine, Kernel, Request, Stop, Workspace,
    added_tokens::Special,
    blob::Tables,
    model::Random,
    sink::{IdSink, Sink as _},
};

/// What becomes of the memory between two calls.
const CHANGES: [fn(&mut [u8]); 4] =
    [|_| (), |memory| memory.fill(0), |memory| memory[0] ^= 1, <[u8]>::reverse];

fn letters(len: usize) -> String {
    let mut random = Random::new(7);
    (0..len).map(|_| char::from(b'a' + random.below(26) as u8)).collect()
}

#[test]
fn a_long_pre_token_is_taken_up_where_there_is_room() {
    // The second one begins where the first one could.
    let text = format!("two words {}\n{} and {}", letters(5000), letters(900), letters(3000));
    for name in ["r50k_base", "o200k_base"] {
        let tokenizer = load(name);
        let expected = tokenizer.encode_ordinary(&text);
        let tables = Tables::new(tokenizer.as_bytes(), tokenizer.header());
        let engine = Engine::of(tokenizer.header()).expect("it has one");
        let request = Request { text: text.as_bytes(), special: Special::AsText, strict: false };
        let mut memory = vec![0; 16 * text.len()];
        for change in CHANGES {
            let (mut cursor, mut ids, mut room, mut stops) = (Cursor::default(), vec![], 100, 0);
            loop {
                let mut part = vec![0; room];
                let mut sink = IdSink::new(&mut part);
                let (kernel, cache) = (Kernel::detect(), Cache::default());
                let mut workspace = Workspace { memory: &mut memory, kernel, cache };
                let result = engine.ids(&tables, &request, &mut cursor, &mut workspace, &mut sink);
                let taken = sink.taken();
                ids.extend_from_slice(&part[..taken]);
                change(&mut memory);
                room = match result {
                    Ok(()) => break,
                    // What is too little twice, and then enough.
                    Err(Stop::Full { needed }) if stops % 3 < 2 && needed > 100 => 100,
                    Err(Stop::Full { needed }) => needed,
                    Err(stop) => panic!("{stop:?}"),
                };
                stops += 1;
            }
            assert_eq!(ids, expected, "{name}");
            assert!(stops > 6, "{stops} stops");
        }
    }
}
