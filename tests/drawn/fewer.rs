//! Smaller cases.

/// Leaves less of a list as long as it stays wrong; `false` if nothing can go.
pub(crate) fn fewer<T: Clone>(list: &mut Vec<T>, mut is_wrong: impl FnMut(&[T]) -> bool) -> bool {
    let (mut size, len) = (list.len().div_ceil(2), list.len());
    while size > 0 {
        let mut at = 0;
        while at < list.len() {
            let end = (at + size).min(list.len());
            let less = [&list[..at], &list[end..]].concat();
            if is_wrong(&less) {
                *list = less;
            } else {
                at = end;
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    list.len() < len
}
