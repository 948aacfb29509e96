//! Where a part of a tokenizer.json stands.

use super::json;

/// Line and column, from 1, of the value of a member of the outermost object; the last one of that
/// name, which is the one that counts. `None` if there is none, or if this is no JSON.
pub(crate) fn of_member(json: &[u8], name: &str) -> Option<(usize, usize)> {
    let (mut depth, mut at, mut found) = (0usize, 0, None);
    // The member whose value comes next.
    let mut wanted = false;
    while let Some(&byte) = json.get(at) {
        let start = at;
        at += 1;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => continue,
            b':' => {
                wanted &= depth == 1;
                continue;
            }
            _ => {}
        }
        let is_value = std::mem::take(&mut wanted);
        if is_value {
            found = Some(start);
        }
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b'"' => {
                at = end_of_string(json, at)?;
                wanted =
                    depth == 1 && !is_value && json.get(start + 1..at - 1) == Some(name.as_bytes());
            }
            _ => {}
        }
    }
    let before = json.get(..found?)?;
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let is_char = |byte: &&u8| !(0x80..0xC0).contains(*byte);
    Some((line, before[line_start..].iter().filter(is_char).count() + 1))
}

/// The number of the added token with this content, the last one if there are several, and its line and
/// column.
pub(crate) fn of_added_token(json: &[u8], content: &str) -> Option<(usize, (usize, usize))> {
    let text = std::str::from_utf8(json).ok()?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    json::last_element(text, "added_tokens", |element| {
        let token: Option<serde_json::Value> = serde_json::from_str(element).ok();
        token.is_some_and(|token| token["content"] == content)
    })
}

/// One past the quotation mark that ends the string whose content begins at `at`.
fn end_of_string(json: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match json.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_name_in_the_outermost_object() {
        let json = "{\"a\": {\"b\": 1}, \"\u{e9}\": \"b\", \"b\": \"x\\\"\",\n \"c\":\n  [\"b\", 2], \"b\" :3}";
        assert_eq!(of_member(json.as_bytes(), "a"), Some((1, 7)));
        assert_eq!(of_member(json.as_bytes(), "c"), Some((3, 3)));
        assert_eq!(of_member(json.as_bytes(), "b"), Some((3, 18)));
        assert_eq!(of_member(json.as_bytes(), "x"), None);
        for broken in ["", "{\"b\": \"", "}", "{\"b"] {
            assert_eq!(of_member(broken.as_bytes(), "b"), None, "{broken}");
        }
    }
}
