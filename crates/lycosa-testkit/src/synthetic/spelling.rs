//! The ways a link to one URL is written. All of them are the same URL once resolved and canonicalised by the rules
//! of the URL standard plus RFC 3986 §6.2.2.1 (case of percent escapes) and dropping the fragment; a crawler that
//! fetches two spellings has not deduplicated.

/// One way to write a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// The path as it is.
    Plain,
    /// With a fragment.
    Fragment,
    /// Scheme, host and port written out.
    Absolute,
    /// Scheme in capitals, and the port with a leading zero (or the default port where the host shows none).
    PortSpelled,
    /// Without scheme: `//host/path`.
    SchemeRelative,
    /// With `.` and `..` segments that cancel out.
    DotSegments,
    /// Escapes in lower case.
    LowerEscapes,
    /// The escaped letter written as itself.
    Unescaped,
    /// With spaces and a line break around it, as hand-written pages have.
    Spaces,
    /// The host in capitals.
    CapitalHost,
}

impl Spelling {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Plain,
        Self::Fragment,
        Self::Absolute,
        Self::PortSpelled,
        Self::SchemeRelative,
        Self::DotSegments,
        Self::LowerEscapes,
        Self::Unescaped,
        Self::Spaces,
        Self::CapitalHost,
    ];

    /// Those that name the host, and so can lead to another.
    pub const ABROAD: [Self; 4] =
        [Self::Absolute, Self::PortSpelled, Self::SchemeRelative, Self::CapitalHost];

    /// A reference to `path` (absolute, canonical) on `host` (the `Host` header, port included), before HTML escaping.
    pub fn write(self, path: &str, host: &str) -> String {
        match self {
            Self::Plain => path.into(),
            Self::Fragment => format!("{path}#part-2"),
            Self::Absolute => format!("http://{host}{path}"),
            Self::PortSpelled => match host.rsplit_once(':') {
                Some((name, port)) => format!("HTTP://{name}:0{port}{path}"),
                None => format!("HTTP://{host}:80{path}"),
            },
            Self::SchemeRelative => format!("//{host}{path}"),
            Self::DotSegments => format!("/./x/y/../..{path}"),
            Self::LowerEscapes => path.replace("%C3%A9", "%c3%a9"),
            Self::Unescaped => path.replace("%C3%A9", "é"),
            Self::Spaces => format!(" {path}\n "),
            Self::CapitalHost => format!("http://{}{path}", host.to_ascii_uppercase()),
        }
    }
}
