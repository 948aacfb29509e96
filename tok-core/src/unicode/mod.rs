//! Unicode data of the versions that the reference libraries use, and what is computed with it.
