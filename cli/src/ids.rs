//! Ids as they are written down.

use crate::Failure;
use crate::args::Format;

/// Writes ids to a buffer, which the caller empties.
pub(crate) struct IdWriter {
    format: Format,
    /// No id of this text has been written.
    first: bool,
    /// What has been written.
    pub(crate) bytes: Vec<u8>,
}

impl IdWriter {
    pub(crate) fn new(format: Format) -> Self {
        Self { format, first: true, bytes: Vec::new() }
    }

    /// A text begins.
    pub(crate) fn begin(&mut self) {
        self.first = true;
        if self.format == Format::Jsonl {
            self.bytes.push(b'[');
        }
    }

    /// Ids of a text.
    ///
    /// `place` is where the text stands.
    pub(crate) fn ids(&mut self, ids: &[u32], place: &str) -> Result<(), Failure> {
        for &id in ids {
            match self.format {
                Format::Text => self.decimal(b' ', id),
                Format::Jsonl => self.decimal(b',', id),
                Format::U32 => self.bytes.extend(id.to_le_bytes()),
                Format::U16 => {
                    let short = u16::try_from(id).map_err(|_| {
                        Failure::data(format!(
                            "{place}: id {id} does not fit into u16, which ends at 65535; use \
                             --format u32"
                        ))
                    })?;
                    self.bytes.extend(short.to_le_bytes());
                }
            }
        }
        Ok(())
    }

    /// A text ends.
    pub(crate) fn end(&mut self) {
        match self.format {
            Format::Text => self.bytes.push(b'\n'),
            Format::Jsonl => self.bytes.extend(b"]\n"),
            Format::U16 | Format::U32 => {}
        }
    }

    fn decimal(&mut self, separator: u8, id: u32) {
        if !self.first {
            self.bytes.push(separator);
        }
        self.first = false;
        let (mut digits, mut len, mut rest) = ([0; 10], 0, id);
        loop {
            digits[len] = b'0' + (rest % 10) as u8;
            len += 1;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.bytes.extend(digits[..len].iter().rev());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_its_form() {
        let written = |format| {
            let mut writer = IdWriter::new(format);
            writer.begin();
            writer.ids(&[0, 7], "x").expect("small ids");
            writer.ids(&[65535], "x").expect("small ids");
            writer.end();
            writer.begin();
            writer.end();
            writer.bytes
        };
        assert_eq!(written(Format::Text), b"0 7 65535\n\n");
        assert_eq!(written(Format::Jsonl), b"[0,7,65535]\n[]\n");
        assert_eq!(written(Format::U16), [0, 0, 7, 0, 255, 255]);
        assert_eq!(written(Format::U32), [0, 0, 0, 0, 7, 0, 0, 0, 255, 255, 0, 0]);
        let mut writer = IdWriter::new(Format::Text);
        writer.ids(&[u32::MAX], "x").expect("decimal has no limit");
        assert_eq!(writer.bytes, b"4294967295");
        assert!(IdWriter::new(Format::U16).ids(&[65536], "x").is_err());
    }
}
