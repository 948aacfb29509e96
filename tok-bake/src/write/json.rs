//! JSON as serde_json prints it prettily: two spaces, a line per element.

use serde_core::Serialize;

/// JSON text in the making.
#[derive(Debug, Default)]
pub(super) struct Json {
    out: Vec<u8>,
    depth: usize,
    /// Whether the innermost array or object has elements already.
    filled: bool,
}

impl Json {
    pub(super) fn into_string(self) -> String {
        String::from_utf8(self.out).expect("made of strings only")
    }

    /// A string, a number, a boolean or null.
    pub(super) fn scalar(&mut self, value: impl Serialize) {
        serde_json::to_writer(&mut self.out, &value).expect("a vector takes everything");
    }

    /// A member of the object that is being written.
    pub(super) fn member(&mut self, key: &str, value: impl FnOnce(&mut Self)) {
        self.element(|json| {
            json.scalar(key);
            json.out.extend_from_slice(b": ");
            value(json);
        });
    }

    /// A member that is a string, a number, a boolean or null.
    pub(super) fn field(&mut self, key: &str, value: impl Serialize) {
        self.member(key, |json| json.scalar(value));
    }

    /// An element of the array that is being written.
    pub(super) fn element(&mut self, value: impl FnOnce(&mut Self)) {
        if self.filled {
            self.out.push(b',');
        }
        self.line();
        value(self);
        self.filled = true;
    }

    pub(super) fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.nested(b'{', members, b'}');
    }

    pub(super) fn array(&mut self, elements: impl FnOnce(&mut Self)) {
        self.nested(b'[', elements, b']');
    }

    /// An array with an element for each item.
    pub(super) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) {
        self.array(|json| {
            for item in items {
                json.element(|json| write(json, item));
            }
        });
    }

    fn nested(&mut self, open: u8, inside: impl FnOnce(&mut Self), close: u8) {
        self.out.push(open);
        self.depth += 1;
        self.filled = false;
        inside(self);
        self.depth -= 1;
        if self.filled {
            self.line();
        }
        self.out.push(close);
    }

    fn line(&mut self) {
        self.out.push(b'\n');
        for _ in 0..self.depth {
            self.out.extend_from_slice(b"  ");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_as_serde_json_prints() {
        let mut json = Json::default();
        json.object(|json| {
            json.field("a\"", 1);
            json.member("empty", |json| json.array(|_| {}));
            json.member("list", |json| {
                json.list([None, Some("é\n\u{1}")], |json, item| json.scalar(item));
            });
            json.member("none", |json| json.object(|_| {}));
        });
        let text = json.into_string();
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(serde_json::to_string_pretty(&value).expect("printable"), text);
    }
}
