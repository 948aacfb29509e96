pub(crate) static STARTS: [u32; 1] = [0];
pub(crate) static SCRIPTS: [u8; 1] = [0];
