//! What stands in for Parquet where it is not compiled in.

use std::path::Path;

use comptok::train::TrainError;

use super::args::Invalid;
use super::inputs::Placed;

pub(super) fn open(_: &Path, _: &str, _: u64, _: Invalid) -> Result<Box<dyn Placed>, TrainError> {
    let what = "Parquet in this build: it takes the feature parquet of comptok-cli";
    Err(TrainError::Unsupported(what.to_owned()))
}
