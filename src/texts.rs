//! The texts of an encoding's tokens, made when somebody asks for them: most never do.

use crate::{TokenId, Tokenizer};
#[cfg(feature = "std")]
use alloc::sync::Arc;
use alloc::{string::String, vec::Vec};
use core::ops::Range;

/// Texts in one allocation.
#[derive(Debug, Clone, Default)]
struct Made {
    text: String,
    ends: Vec<usize>,
}

impl Made {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before));
        self.text.get(start.copied().unwrap_or(0)..end)
    }
}

/// The texts of an encoding's tokens: those that are not the vocabulary's, and who knows the others.
#[derive(Clone, Default)]
pub(crate) struct Texts {
    len: usize,
    own: Made,
    /// For each text of `own` the number of its token, in ascending order; where nobody knows the
    /// others, there are none.
    places: Vec<usize>,
    #[cfg(feature = "std")]
    owner: Option<Arc<Tokenizer>>,
    #[cfg(feature = "std")]
    made: std::sync::OnceLock<Made>,
}

/// Who knows the texts of ids.
#[derive(Clone)]
pub(crate) struct Owner {
    #[cfg(feature = "std")]
    tokenizer: Arc<Tokenizer>,
}

impl Owner {
    pub(crate) fn new(tokenizer: &Tokenizer) -> Self {
        #[cfg(not(feature = "std"))]
        let _ = tokenizer;
        Self {
            #[cfg(feature = "std")]
            tokenizer: Arc::new(tokenizer.clone()),
        }
    }
}

impl Texts {
    /// A token with a text of its own.
    pub(crate) fn push(&mut self, text: &str) {
        self.changed();
        self.places.push(self.len);
        self.own.push(text);
        self.len += 1;
    }

    /// Says who knows the texts of tokens that are [known](Self::push_known). `false` if that cannot be,
    /// because others were known by someone else, or nothing can be made later here.
    pub(crate) fn knows(&mut self, owner: &Owner, ids: &[TokenId]) -> bool {
        #[cfg(feature = "std")]
        {
            if !self.is_of(&owner.tokenizer) {
                self.make_own(ids);
                self.owner = Some(owner.tokenizer.clone());
            }
            true
        }
        #[cfg(not(feature = "std"))]
        {
            let _ = (owner, ids);
            false
        }
    }

    /// A token whose text is that of its id.
    #[inline(always)]
    pub(crate) fn push_known(&mut self) {
        self.len += 1;
    }

    /// The text of a token. `ids` are those of all tokens.
    pub(crate) fn get(&self, index: usize, ids: &[TokenId]) -> Option<&str> {
        #[cfg(feature = "std")]
        if self.owner.is_some() {
            return self.made.get_or_init(|| self.make(ids)).get(index);
        }
        let _ = ids;
        self.own.get(index)
    }

    pub(crate) fn reserve(&mut self, tokens: usize) {
        #[cfg(not(feature = "std"))]
        {
            self.own.ends.reserve(tokens);
            self.own.text.reserve(4 * tokens);
            self.places.reserve(tokens);
        }
        let _ = tokens;
    }

    /// Appends some tokens of another encoding; `ids` are those of this one before, `other_ids` those of
    /// all tokens of the other.
    pub(crate) fn extend(
        &mut self,
        ids: &[TokenId],
        other: &Self,
        other_ids: &[TokenId],
        range: Range<usize>,
    ) {
        self.changed();
        #[cfg(feature = "std")]
        if let Some(owner) = &other.owner
            && !self.is_of(owner)
        {
            self.make_own(ids);
            self.owner = Some(owner.clone());
        }
        let _ = (ids, other_ids);
        let first = other.places.partition_point(|place| *place < range.start);
        let own = other.places.get(first..).unwrap_or_default().iter().zip(first..);
        for (place, number) in own.take_while(|(place, _)| **place < range.end) {
            self.places.push(self.len + place - range.start);
            self.own.push(other.own.get(number).unwrap_or_default());
        }
        self.len += range.len();
    }

    /// What was made is not that of all tokens any more.
    fn changed(&mut self) {
        #[cfg(feature = "std")]
        self.made.take();
    }
}

#[cfg(feature = "std")]
impl Texts {
    /// Whether this tokenizer can be the one that knows texts.
    fn is_of(&self, owner: &Arc<Tokenizer>) -> bool {
        let is_same = |known: &Arc<Tokenizer>| {
            Arc::ptr_eq(known, owner)
                || known.as_bytes().as_ptr() == owner.as_bytes().as_ptr()
                    && known.header().sections == owner.header().sections
        };
        self.owner.as_ref().is_some_and(is_same)
    }

    /// All texts.
    fn make(&self, ids: &[TokenId]) -> Made {
        let mut made = Made::default();
        let tables = self.owner.as_ref().map(|owner| owner.tables());
        let model = tables.as_ref().and_then(comptok_core::model::Model::parse);
        let mut own = self.places.iter().zip(0..).peekable();
        for (index, &id) in ids.iter().enumerate().take(self.len) {
            match own.next_if(|(place, _)| **place == index) {
                Some((_, number)) => made.push(self.own.get(number).unwrap_or_default()),
                None => {
                    let text = model.as_ref().and_then(|model| model.token_text(id));
                    made.push(&text.unwrap_or_default());
                }
            }
        }
        made
    }

    /// Every token gets a text of its own.
    fn make_own(&mut self, ids: &[TokenId]) {
        if self.owner.is_some() {
            self.own = self.make(ids);
            self.places = (0..self.len).collect();
            self.owner = None;
        }
        self.changed();
    }
}
