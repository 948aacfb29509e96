pub(super) static WORD_RANGES: [u32; 0] = [];
