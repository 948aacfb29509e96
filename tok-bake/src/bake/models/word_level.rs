//! WordLevel: level 0 is the whole model.

use comptok_core::{
    blob::lookup::NONE,
    model::{code, param},
};

use super::super::{BakeError, image::Image};
use super::{Baked, id_of, plain_tokens, section::Writer, words};
use crate::spec::Vocab;

pub(super) fn write(image: &mut Image, vocab: &Vocab, unk_token: &str) -> Result<Baked, BakeError> {
    let tokens = plain_tokens(vocab)?;
    let mut section = Writer::new(code::WORD_LEVEL);
    section.param(param::UNK, id_of(vocab, unk_token).unwrap_or(NONE));
    words::write_level0(image, vocab.iter())?;
    words::write_extra(&mut section, words::hidden(vocab.iter(), &tokens))?;
    section.identify(image);
    section.finish(image);
    Ok(Baked { tokens, byte_level: false, flags: 0, warnings: Vec::new() })
}
