//! Patterns without a scanner.

/// They become automata. Some look far ahead.
pub(crate) const BAKED: [&str; 9] = [
    r"\p{Han}+|\p{L}+|\p{N}{2}|[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,2}|\s*\n|\s+(?!\S)|.",
    r"\w+|[^\w\s]+",
    r"a+b|\p{L}|\s+",
    r" ?\p{L}+|\p{N}+$|\p{N}",
    r"(?:ab)*c|.|\n",
    r"\s+|\S+",
    r"[^a]+",
    r"\p{N}{1,3}| ?[^\s\p{N}]+|\s+",
];
