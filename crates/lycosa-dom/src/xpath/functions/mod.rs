//! The functions: their names, how many arguments they take, what they give. Parts: `core` (XPath 1.0, section
//! 4), `strings` (what both share), `extension` (EXSLT and parsel).

mod core;
mod extension;
pub(super) mod strings;

use super::plan::Type;

/// A function that is called with values; `position`, `last`, `true`, `false`, `not` and `boolean` are part of the
/// plan's own language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Count,
    Id,
    LocalName,
    NamespaceUri,
    Name,
    String,
    Concat,
    StartsWith,
    Contains,
    SubstringBefore,
    SubstringAfter,
    Substring,
    StringLength,
    NormalizeSpace,
    Translate,
    Lang,
    Number,
    Sum,
    Floor,
    Ceiling,
    Round,
    Position,
    Last,
    True,
    False,
    Not,
    Boolean,
    HasClass,
    RegexTest,
    RegexReplace,
    Difference,
    Intersection,
    Distinct,
    HasSameNode,
    Leading,
    Trailing,
    Replace,
    ConcatNodes,
    Padding,
    Align,
    Tokenize,
    Split,
}

/// What a call must look like.
pub(super) struct Signature {
    pub(super) namespace: &'static str,
    pub(super) name: &'static str,
    pub(super) function: Function,
    pub(super) min: usize,
    pub(super) max: usize,
    /// Which arguments must be node-sets, by position; all from the last given one on.
    pub(super) nodes: &'static [usize],
    pub(super) result: Type,
    /// Whether it looks at the context node when it has no more than `min` arguments.
    pub(super) context: Context,
}

/// How a function depends on the context node beyond its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    Never,
    /// When called without arguments, which then stand for the context node.
    WithoutArguments,
    Always,
}

/// The namespace of the regular expressions of EXSLT, prefix `re`.
pub(super) const RE: &str = "http://exslt.org/regular-expressions";
/// The namespace of the sets of EXSLT, prefix `set`.
pub(super) const SET: &str = "http://exslt.org/sets";
/// The namespace of the strings of EXSLT, prefix `str`.
pub(super) const STR: &str = "http://exslt.org/strings";

const ANY: usize = usize::MAX;

macro_rules! signatures {
    ($($namespace:expr, $name:literal, $function:ident, $min:expr, $max:expr, $nodes:expr, $result:ident, $context:ident;)*) => {
        /// All functions.
        pub(super) static SIGNATURES: &[Signature] = &[$(Signature {
            namespace: $namespace,
            name: $name,
            function: Function::$function,
            min: $min,
            max: $max,
            nodes: &$nodes,
            result: Type::$result,
            context: Context::$context,
        },)*];
    };
}

signatures! {
    "", "last", Last, 0, 0, [], Number, Never;
    "", "position", Position, 0, 0, [], Number, Never;
    "", "count", Count, 1, 1, [0], Number, Never;
    "", "id", Id, 1, 1, [], Nodes, Never;
    "", "local-name", LocalName, 0, 1, [0], Text, WithoutArguments;
    "", "namespace-uri", NamespaceUri, 0, 1, [0], Text, WithoutArguments;
    "", "name", Name, 0, 1, [0], Text, WithoutArguments;
    "", "string", String, 0, 1, [], Text, WithoutArguments;
    "", "concat", Concat, 2, ANY, [], Text, Never;
    "", "starts-with", StartsWith, 2, 2, [], Boolean, Never;
    "", "contains", Contains, 2, 2, [], Boolean, Never;
    "", "substring-before", SubstringBefore, 2, 2, [], Text, Never;
    "", "substring-after", SubstringAfter, 2, 2, [], Text, Never;
    "", "substring", Substring, 2, 3, [], Text, Never;
    "", "string-length", StringLength, 0, 1, [], Number, WithoutArguments;
    "", "normalize-space", NormalizeSpace, 0, 1, [], Text, WithoutArguments;
    "", "translate", Translate, 3, 3, [], Text, Never;
    "", "boolean", Boolean, 1, 1, [], Boolean, Never;
    "", "not", Not, 1, 1, [], Boolean, Never;
    "", "true", True, 0, 0, [], Boolean, Never;
    "", "false", False, 0, 0, [], Boolean, Never;
    "", "lang", Lang, 1, 1, [], Boolean, Always;
    "", "number", Number, 0, 1, [], Number, WithoutArguments;
    "", "sum", Sum, 1, 1, [0], Number, Never;
    "", "floor", Floor, 1, 1, [], Number, Never;
    "", "ceiling", Ceiling, 1, 1, [], Number, Never;
    "", "round", Round, 1, 1, [], Number, Never;
    "", "has-class", HasClass, 1, ANY, [], Boolean, Always;
    RE, "test", RegexTest, 2, 3, [], Boolean, Never;
    RE, "replace", RegexReplace, 4, 4, [], Text, Never;
    SET, "difference", Difference, 2, 2, [0, 1], Nodes, Never;
    SET, "intersection", Intersection, 2, 2, [0, 1], Nodes, Never;
    SET, "distinct", Distinct, 1, 1, [0], Nodes, Never;
    SET, "has-same-node", HasSameNode, 2, 2, [0, 1], Boolean, Never;
    SET, "leading", Leading, 2, 2, [0, 1], Nodes, Never;
    SET, "trailing", Trailing, 2, 2, [0, 1], Nodes, Never;
    STR, "replace", Replace, 3, 3, [], Text, Never;
    STR, "concat", ConcatNodes, 1, 1, [0], Text, Never;
    STR, "padding", Padding, 1, 2, [], Text, Never;
    STR, "align", Align, 2, 3, [], Text, Never;
    STR, "tokenize", Tokenize, 1, 2, [], Nodes, Never;
    STR, "split", Split, 1, 2, [], Nodes, Never;
}

/// All names, with the prefix that is bound to their namespace from the start.
pub(super) fn names() -> impl Iterator<Item = String> {
    SIGNATURES.iter().map(|signature| match signature.namespace {
        RE => format!("re:{}", signature.name),
        SET => format!("set:{}", signature.name),
        STR => format!("str:{}", signature.name),
        _ => signature.name.to_owned(),
    })
}

/// The function with this namespace and name.
pub(super) fn find(namespace: &str, name: &str) -> Option<&'static Signature> {
    SIGNATURES.iter().find(|signature| signature.namespace == namespace && signature.name == name)
}
