//! Comparisons with the reference engines, see tests/.
