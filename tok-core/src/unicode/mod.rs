//! Unicode data of the versions that the reference libraries use, and what is computed with it.

pub mod nfc;
mod nfc_tables;
