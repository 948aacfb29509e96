//! `comptok bake`.

use comptok_bake::bake::Profile;
use comptok_core::blob::Header;

use crate::args::Bake;
use crate::io::{Output, print, read_file};
use crate::vocab::hex;
use crate::{Answer, Failure, source};

pub(crate) fn run(args: &Bake) -> Result<Answer, Failure> {
    let name = args.source.files.first().map(|path| path.display().to_string());
    let name = name.unwrap_or_default();
    let text = match &args.profile {
        Some(path) => Some(read_file(path)?),
        None => None,
    };
    let profile = text.as_deref().map(|text| Profile { text, max_bytes: args.profile_bytes });
    let (blob, notices) =
        source::bake(&args.source.files, &args.source.file, args.source.strict, profile)?;
    notices.iter().for_each(source::Notice::complain);
    let header = Header::parse(&blob).map_err(|error| Failure::data(format!("{name}: {error}")))?;
    let mut output = Output::create(Some(&args.output))?;
    output.write(&blob)?;
    output.finish()?;
    if crate::io::is_dash(&args.output) {
        return Ok(Answer::Yes);
    }
    print(
        format!(
            "{}: {} tokens, ids below {}, {} bytes\nfingerprint {}\n",
            args.output.display(),
            header.vocab_size,
            header.id_limit,
            blob.len(),
            hex(&header.fingerprint)
        )
        .as_bytes(),
    )?;
    Ok(Answer::Yes)
}
