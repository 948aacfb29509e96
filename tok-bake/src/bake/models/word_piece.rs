//! WordPiece: tries, failure links and level 0.

use comptok_core::{
    blob::lookup::NONE,
    model::{
        code, param,
        word_piece::{ROOT, own_param, own_part},
    },
};

use super::super::{BakeError, image::Image};
use super::{
    Baked, id_of, plain_tokens,
    section::Writer,
    trie::{Builder, Placed, sorted},
    words,
};
use crate::both::{WORTH_IT, both};
use crate::spec::Vocab;

/// Most pops of all links together. Real vocabularies have fewer than nodes.
const MAX_POPS: usize = 1 << 24;

pub(super) fn write(
    image: &mut Image,
    vocab: &Vocab,
    unk_token: &str,
    prefix: &str,
    max_chars: usize,
) -> Result<Baked, BakeError> {
    let is_key = |key: &(&[u8], u32)| !key.0.is_empty();
    let rest = |entry| {
        let (text, id) = vocab.get(entry)?;
        Some((text.strip_prefix(prefix.as_bytes())?, id)).filter(is_key)
    };
    let first = |entry| vocab.get(entry).filter(is_key);
    let is_much = vocab.len() >= WORTH_IT;
    let (sorted_first, others) = both(
        is_much,
        || sorted(vocab.len(), first),
        || (plain_tokens(vocab), sorted(vocab.len(), rest)),
    );
    let (tokens, sorted_rest) = (others.0?, others.1);
    let (tries, level0) = both(
        is_much,
        || Tries::new(&sorted_first, &sorted_rest),
        || {
            // What continues a word is rarely one.
            let continues = |text: &[u8]| !prefix.is_empty() && text.starts_with(prefix.as_bytes());
            let whole = vocab.iter().filter(|&(text, _)| !continues(text));
            let parts = vocab.iter().filter(|&(text, _)| continues(text));
            let mut part = Image::part();
            words::write_level0(&mut part, whole.chain(parts)).map(|()| part)
        },
    );
    let (Tries { builder, links, first_root, rest_root }, level0) = (tries?, level0?);
    image.join(level0);

    // What is not needed any more makes room for what comes.
    drop((sorted_first, sorted_rest));

    let mut section = Writer::new(code::WORD_PIECE);
    section.param(param::UNK, id_of(vocab, unk_token).unwrap_or(NONE));
    section.param(own_param::MAX_CHARS, u32::try_from(max_chars).unwrap_or(u32::MAX));
    section.param(own_param::FIRST, first_root);
    section.param(own_param::REST, rest_root);
    section.reserve(20 * builder.len() + 8 * links.pops.len() + 256);
    section.derived(own_part::CELLS, |to| to.extend_from_slice(&builder.finish()))?;
    section.derived(own_part::LINKS, |to| {
        for (&rest, &(first, count)) in links.rest.iter().zip(&links.spans) {
            to.extend_from_slice([rest, first, count].map(u32::to_le_bytes).as_flattened());
        }
    })?;
    section.derived(own_part::POPS, |to| {
        for &(id, len) in &links.pops {
            to.extend_from_slice([id, len].map(u32::to_le_bytes).as_flattened());
        }
    })?;
    words::write_extra(&mut section, words::hidden(vocab.iter(), &tokens))?;
    section.identify(image);
    section.finish(image);
    Ok(Baked { tokens, byte_level: false, flags: 0, warnings: Vec::new() })
}

/// Two tries in one table of cells: of what begins a word, and of what continues one.
struct Tries {
    builder: Builder,
    links: Links,
    first_root: u32,
    rest_root: u32,
}

impl Tries {
    fn new(first: &[(&[u8], u32)], rest: &[(&[u8], u32)]) -> Result<Self, BakeError> {
        let mut builder = Builder::new();
        let (rest_root, rest_nodes) = builder.add(rest)?;
        let (first_root, first_nodes) = builder.add(first)?;
        let mut links = Links {
            rest: vec![NONE; builder.len()],
            spans: vec![(0, 0); builder.len()],
            pops: Vec::new(),
        };
        for nodes in [&rest_nodes, &first_nodes] {
            links.find(nodes, &builder, rest_root)?;
        }
        Ok(Self { builder, links, first_root, rest_root })
    }
}

/// Failure links, by cell.
struct Links {
    /// The cell where the rest stands, ROOT, or NONE.
    rest: Vec<u32>,
    /// First pop and how many.
    spans: Vec<(u32, u32)>,
    /// Id and length.
    pops: Vec<(u32, u32)>,
}

impl Links {
    /// The links of the nodes of a trie, parents first. They lead to nodes of the second trie that
    /// are nearer to its root, so those of the second trie itself have to be found first.
    fn find(
        &mut self,
        nodes: &[Placed],
        builder: &Builder,
        rest_root: u32,
    ) -> Result<(), BakeError> {
        let mut depths = Vec::with_capacity(nodes.len());
        for node in nodes {
            let depth = 1 + node.parent().map_or(0, |parent| depths[parent as usize]);
            depths.push(depth);
            let at = node.cell as usize;
            if node.value != NONE {
                self.rest[at] = ROOT;
                self.spans[at] = (self.pops.len() as u32, 1);
                self.pops.push((node.value, depth));
                continue;
            }
            let Some(parent) = node.parent() else { continue };
            let parent = nodes[parent as usize].cell as usize;
            let mut rest = self.rest[parent];
            let start = self.pops.len();
            let mut grown = false;
            while rest != NONE {
                let base = if rest == ROOT { rest_root } else { builder.base(rest) };
                if let Some(found) = builder.step(base, node.label()) {
                    self.rest[at] = found;
                    break;
                }
                if rest == ROOT {
                    break;
                }
                if !grown {
                    self.copy(parent);
                    grown = true;
                }
                self.copy(rest as usize);
                rest = self.rest[rest as usize];
                if self.pops.len() > MAX_POPS {
                    return Err(BakeError::unsupported("a WordPiece vocabulary of this kind"));
                }
            }
            if self.rest[at] == NONE {
                self.pops.truncate(start);
            } else if grown {
                self.spans[at] = (start as u32, (self.pops.len() - start) as u32);
            } else {
                self.spans[at] = self.spans[parent];
            }
        }
        Ok(())
    }

    /// Appends the pops of a cell's link.
    fn copy(&mut self, cell: usize) {
        let (first, count) = self.spans[cell];
        let first = first as usize;
        self.pops.extend_from_within(first..first + count as usize);
    }
}
