//! `comptok convert`.

use comptok_bake::write;

use crate::args::Convert;
use crate::io::Output;
use crate::{Answer, Failure, source};

pub(crate) fn run(args: &Convert) -> Result<Answer, Failure> {
    let name = args.source.files.first().map(|path| path.display().to_string());
    let name = name.unwrap_or_default();
    let (spec, notices) = source::spec(&args.source.files, &args.source.file, args.source.strict)?;
    notices.iter().for_each(source::Notice::complain);
    let json =
        write::tokenizer_json(&spec).map_err(|error| Failure::data(format!("{name}: {error}")))?;
    let mut output = Output::create(Some(&args.output))?;
    output.write(json.as_bytes())?;
    output.finish()?;
    Ok(Answer::Yes)
}
