//! `comptok encode`.

use std::path::Path;

use comptok::Scratch;

use crate::args::{Encode, Format};
use crate::ids::IdWriter;
use crate::io::{Input, Output, paths};
use crate::lines::Lines;
use crate::progress::Progress;
use crate::source;
use crate::text::{Texts, failure, line_failure};
use crate::{Answer, Failure, show};

pub(crate) fn run(args: &Encode) -> Result<Answer, Failure> {
    let tokenizer = source::tokenizer(&args.tokenizer)?;
    let texts = Texts::new(&tokenizer, &args.text);
    let paths = paths(&args.text.files);
    let mut output = Output::create(args.output.as_deref())?;
    let progress = Progress::new(&paths, output.is_terminal());
    if args.show {
        show::run(&texts, &paths, args.color, &mut output, &progress)?;
    } else {
        let format = if args.jsonl { Format::Jsonl } else { args.format };
        let (writer, ids, scratch) = (IdWriter::new(format), Vec::new(), Scratch::new());
        let mut job = Job { texts: &texts, output: &mut output, writer, ids, scratch };
        for path in paths {
            if args.jsonl { job.lines(path, &progress)? } else { job.text(path, &progress)? }
        }
    }
    output.finish()?;
    Ok(Answer::Yes)
}

struct Job<'j> {
    texts: &'j Texts<'j>,
    output: &'j mut Output,
    writer: IdWriter,
    ids: Vec<u32>,
    scratch: Scratch<'static>,
}

impl Job<'_> {
    /// Encodes all that is in a file.
    fn text(&mut self, path: &Path, progress: &Progress) -> Result<(), Failure> {
        let mut parts = self.texts.parts(Input::open(path)?);
        let name = parts.name.clone();
        self.writer.begin();
        while let Some(part) = parts.next()? {
            self.ids.clear();
            let tokenizer = self.texts.tokenizer;
            tokenizer
                .encode_into(part.text, part.options, &mut self.ids, &mut self.scratch)
                .map_err(|error| failure(&name, &part, error))?;
            self.writer.ids(&self.ids, &name)?;
            self.empty()?;
            progress.add(part.text.len());
        }
        self.writer.end();
        self.empty()
    }

    /// Encodes each line.
    fn lines(&mut self, path: &Path, progress: &Progress) -> Result<(), Failure> {
        let mut lines = Lines::new(Input::open(path)?);
        while let Some(line) = lines.next()? {
            let len = line.len();
            let text = lines.string()?;
            self.ids.clear();
            let Texts { tokenizer, options, .. } = *self.texts;
            tokenizer
                .encode_into(&text, options, &mut self.ids, &mut self.scratch)
                .map_err(|error| line_failure(&lines.place(), &error))?;
            self.writer.begin();
            self.writer.ids(&self.ids, &lines.place())?;
            self.writer.end();
            self.empty()?;
            progress.add(len);
        }
        Ok(())
    }

    fn empty(&mut self) -> Result<(), Failure> {
        self.output.write(&self.writer.bytes)?;
        self.writer.bytes.clear();
        Ok(())
    }
}
