//! `Tokenizer`: a blob and its engine.

use crate::storage::Storage;
use comptok_core::{
    Engine,
    added_tokens::{self, AddedFlags},
    blob::{FormatError, Header, Tables, content_check, lookup},
};

/// The number of a token: a plain `u32`, so that slices of ids are slices of `u32`.
pub type TokenId = u32;

/// A tokenizer.
///
/// Cloning is O(1). All methods take `&self`, so one `static` serves every thread.
#[derive(Clone)]
pub struct Tokenizer {
    storage: Storage,
    header: Header,
    pub(crate) engine: &'static Engine,
}

impl core::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Tokenizer")
            .field("pre_tokenizer", &self.engine.name)
            .field("vocab_size", &self.vocab_size())
            .finish_non_exhaustive()
    }
}

/// An added token: matched in the text before the model sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddedToken<'a> {
    /// Its id.
    pub id: TokenId,
    /// The text it matches.
    pub content: &'a str,
    /// Governed by [`Special`](crate::Special), and skipped by decoding on request.
    pub special: bool,
}

impl Tokenizer {
    /// The tokenizer of a blob that is part of the program. In a `static` or `const` block this
    /// costs nothing at run time, and keeps only the engine that the blob needs in the program.
    ///
    /// The blob's header is checked, its content is not: see [`verify`](Self::verify).
    ///
    /// # Panics
    ///
    /// If the bytes are not a blob of this version; in a constant that is a compile error. At run
    /// time, [`try_from_static`](Self::try_from_static) gives an error instead.
    pub const fn from_static(blob: &'static [u8]) -> Self {
        Self::from_static_member(blob, 0)
    }

    /// As [`from_static`](Self::from_static), for a blob that holds several tokenizers: the one with
    /// this number, counted from 0.
    ///
    /// # Panics
    ///
    /// As `from_static`, and if there is none with that number.
    pub const fn from_static_member(blob: &'static [u8], number: usize) -> Self {
        let header = match Header::parse_member(blob, number) {
            Ok(header) => header,
            Err(FormatError::NoMember { .. }) => panic!("the blob holds fewer tokenizers"),
            Err(FormatError::Version { .. }) => panic!(
                "the blob has another format version; bake it again with the comptok you link"
            ),
            Err(_) => panic!("the bytes are not a comptok blob, or they are damaged"),
        };
        match Engine::of(&header) {
            Ok(engine) => Self { storage: Storage::Static(blob), header, engine },
            Err(_) => panic!("the blob needs an engine that this comptok does not have"),
        }
    }

    /// As [`from_static`](Self::from_static), with an error in place of a panic.
    ///
    /// # Errors
    ///
    /// If the bytes are not a blob of this version.
    pub fn try_from_static(blob: &'static [u8]) -> Result<Self, FormatError> {
        Self::from_storage(Storage::Static(blob))
    }

    /// The header is checked, the content is not.
    pub(crate) fn from_storage(storage: Storage) -> Result<Self, FormatError> {
        let header = Header::parse(storage.bytes())?;
        let engine = Engine::of(&header)?;
        Ok(Self { storage, header, engine })
    }

    /// Reads the whole blob and checks that it is what was baked.
    ///
    /// # Errors
    ///
    /// [`FormatError::Content`] if it is not.
    pub fn verify(&self) -> Result<(), FormatError> {
        if content_check(self.as_bytes()) == self.header.content {
            Ok(())
        } else {
            Err(FormatError::Content)
        }
    }

    #[inline]
    pub(crate) fn tables(&self) -> Tables<'_> {
        Tables::new(self.storage.bytes(), &self.header)
    }

    /// The blob.
    pub fn as_bytes(&self) -> &[u8] {
        self.storage.bytes()
    }

    /// The blob's header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Identifies what determines ids: equal fingerprints mean equal ids for every text.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.header.fingerprint
    }

    /// The number of ids that have a token.
    pub fn vocab_size(&self) -> usize {
        self.header.vocab_size as usize
    }

    /// The largest id, plus one.
    pub fn id_limit(&self) -> TokenId {
        self.header.id_limit
    }

    /// The bytes that `id` decodes to; `None` if it has no token. Where decoding looks around, they are
    /// the token's text.
    pub fn token_bytes(&self, id: TokenId) -> Option<&[u8]> {
        self.tables().token(id)
    }

    /// The text of a token as the vocabulary writes it, of an added token what it matches; `None` if the
    /// id has none.
    #[cfg(feature = "alloc")]
    pub fn id_to_token(&self, id: TokenId) -> Option<alloc::string::String> {
        let tables = self.tables();
        let model = comptok_core::model::Model::parse(&tables)?;
        comptok_core::general::token_text(&tables, &model, id).map(|text| text.into_owned())
    }

    /// The id of an added token that matches `text`, or of the vocabulary's token that is written so.
    #[cfg(feature = "alloc")]
    pub fn token_to_id(&self, text: &str) -> Option<TokenId> {
        let tables = self.tables();
        let mut added = self.added_tokens().filter(|token| token.content == text);
        let added = added.next().map(|token| token.id);
        added.or_else(|| comptok_core::model::Model::parse(&tables)?.token_id(text))
    }

    /// The id of the token with these bytes. Where several have them, that of the vocabulary
    /// comes before those of added tokens, and a lower id before a higher one.
    pub fn token_id(&self, bytes: impl AsRef<[u8]>) -> Option<TokenId> {
        let bytes = bytes.as_ref();
        lookup::find_id(&self.tables(), bytes).or_else(|| {
            // The content of an added token may differ from what it decodes to.
            self.added_tokens()
                .find(|token| token.content.as_bytes() == bytes)
                .map(|token| token.id)
        })
    }

    /// Whether `id` is a special token.
    pub fn is_special(&self, id: TokenId) -> bool {
        self.tables().token_flags(id).is_special()
    }

    /// All ids that have a token, with its bytes, in order.
    pub fn iter(&self) -> impl Iterator<Item = (TokenId, &[u8])> {
        let tables = self.tables();
        (0..self.id_limit()).filter_map(move |id| Some((id, tables.token(id)?)))
    }

    /// All added tokens, special ones among them, in order of id.
    pub fn added_tokens(&self) -> impl Iterator<Item = AddedToken<'_>> {
        let tables = self.tables();
        (0..added_tokens::added_len(&tables)).filter_map(move |index| {
            let added = added_tokens::added(&tables, index)?;
            Some(AddedToken {
                id: added.id,
                content: core::str::from_utf8(added.content).ok()?,
                special: added.flags.0 & AddedFlags::SPECIAL != 0,
            })
        })
    }

    /// The special tokens, in order of id.
    pub fn special_tokens(&self) -> impl Iterator<Item = AddedToken<'_>> {
        self.added_tokens().filter(|token| token.special)
    }
}
