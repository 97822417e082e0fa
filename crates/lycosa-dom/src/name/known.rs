//! The local names every document shares: those of the HTML standard, its common attributes, and the SVG and
//! MathML names seen on ordinary pages. A name that is missing here works the same, it is only numbered per
//! document. The order carries no meaning.

use std::{collections::HashMap, sync::OnceLock};

use super::Atom;

macro_rules! names {
    ($($constant:ident = $text:literal,)*) => {
        /// One constant for each known name.
        #[allow(dead_code, reason = "the list is a table; the code names only some of its rows")]
        pub(crate) mod atoms {
            use super::{Atom, Position};
            $(pub(crate) const $constant: Atom = Atom(Position::$constant as u32);)*
        }

        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "named like the constants")]
        enum Position { $($constant,)* }

        /// The text of each known name, at its number.
        pub(crate) static KNOWN: &[&str] = &[$($text,)*];
    };
}

/// The number of a known name.
pub(crate) fn known_atom(text: &str) -> Option<Atom> {
    static INDEX: OnceLock<HashMap<&'static str, u32>> = OnceLock::new();
    let index = INDEX.get_or_init(|| KNOWN.iter().copied().zip(0..).collect());
    index.get(text).map(|&number| Atom(number))
}

names! {
    HTML = "html", HEAD = "head", TITLE = "title", BASE = "base", LINK = "link", META = "meta",
    STYLE = "style", BODY = "body", ARTICLE = "article", SECTION = "section", NAV = "nav",
    ASIDE = "aside", H1 = "h1", H2 = "h2", H3 = "h3", H4 = "h4", H5 = "h5", H6 = "h6", HGROUP = "hgroup",
    HEADER = "header", FOOTER = "footer", ADDRESS = "address", P = "p", HR = "hr", PRE = "pre",
    BLOCKQUOTE = "blockquote", OL = "ol", UL = "ul", MENU = "menu", LI = "li", DL = "dl", DT = "dt",
    DD = "dd", FIGURE = "figure", FIGCAPTION = "figcaption", MAIN = "main", SEARCH = "search",
    DIV = "div", A = "a", EM = "em", STRONG = "strong", SMALL = "small", S = "s", CITE = "cite", Q = "q",
    DFN = "dfn", ABBR = "abbr", RUBY = "ruby", RT = "rt", RP = "rp", DATA = "data", TIME = "time",
    CODE = "code", VAR = "var", SAMP = "samp", KBD = "kbd", SUB = "sub", SUP = "sup", I = "i", B = "b",
    U = "u", MARK = "mark", BDI = "bdi", BDO = "bdo", SPAN = "span", BR = "br", WBR = "wbr", INS = "ins",
    DEL = "del", PICTURE = "picture", SOURCE = "source", IMG = "img", IFRAME = "iframe", EMBED = "embed",
    OBJECT = "object", PARAM = "param", VIDEO = "video", AUDIO = "audio", TRACK = "track", MAP = "map",
    AREA = "area", TABLE = "table", CAPTION = "caption", COLGROUP = "colgroup", COL = "col",
    TBODY = "tbody", THEAD = "thead", TFOOT = "tfoot", TR = "tr", TD = "td", TH = "th", FORM = "form",
    LABEL = "label", INPUT = "input", BUTTON = "button", SELECT = "select", DATALIST = "datalist",
    OPTGROUP = "optgroup", OPTION = "option", TEXTAREA = "textarea", OUTPUT = "output",
    PROGRESS = "progress", METER = "meter", FIELDSET = "fieldset", LEGEND = "legend",
    DETAILS = "details", SUMMARY = "summary", DIALOG = "dialog", SCRIPT = "script",
    NOSCRIPT = "noscript", TEMPLATE = "template", SLOT = "slot", CANVAS = "canvas", ACRONYM = "acronym",
    APPLET = "applet", BASEFONT = "basefont", BGSOUND = "bgsound", BIG = "big", BLINK = "blink",
    CENTER = "center", DIR = "dir", FONT = "font", FRAME = "frame", FRAMESET = "frameset",
    ISINDEX = "isindex", KEYGEN = "keygen", LISTING = "listing", MARQUEE = "marquee",
    MENUITEM = "menuitem", MULTICOL = "multicol", NEXTID = "nextid", NOBR = "nobr", NOEMBED = "noembed",
    NOFRAMES = "noframes", PLAINTEXT = "plaintext", RB = "rb", RTC = "rtc", SPACER = "spacer",
    STRIKE = "strike", TT = "tt", XMP = "xmp", IMAGE = "image", SVG = "svg", MATH = "math", G = "g",
    PATH = "path", RECT = "rect", CIRCLE = "circle", ELLIPSE = "ellipse", LINE = "line",
    POLYLINE = "polyline", POLYGON = "polygon", TEXT = "text", TSPAN = "tspan", USE = "use",
    DEFS = "defs", SYMBOL = "symbol", DESC = "desc", METADATA = "metadata",
    FOREIGNOBJECT = "foreignObject", CLIPPATH = "clipPath", MASK = "mask", PATTERN = "pattern",
    LINEARGRADIENT = "linearGradient", RADIALGRADIENT = "radialGradient", STOP = "stop",
    FILTER = "filter", ANNOTATION_XML = "annotation-xml", MI = "mi", MO = "mo", MN = "mn", MS = "ms",
    MTEXT = "mtext", MROW = "mrow", MFRAC = "mfrac", MSUP = "msup", MSUB = "msub", MSQRT = "msqrt",
    ANNOTATION = "annotation", SEMANTICS = "semantics", ID = "id", CLASS = "class", HREF = "href",
    SRC = "src", NAME = "name", CONTENT = "content", REL = "rel", TYPE = "type", VALUE = "value",
    ALT = "alt", WIDTH = "width", HEIGHT = "height", LANG = "lang", CHARSET = "charset",
    HTTP_EQUIV = "http-equiv", MEDIA = "media", SIZES = "sizes", SRCSET = "srcset", TARGET = "target",
    ACTION = "action", METHOD = "method", PLACEHOLDER = "placeholder", FOR = "for", ROLE = "role",
    TABINDEX = "tabindex", HIDDEN = "hidden", DISABLED = "disabled", CHECKED = "checked",
    SELECTED = "selected", MULTIPLE = "multiple", REQUIRED = "required", READONLY = "readonly",
    AUTOFOCUS = "autofocus", AUTOCOMPLETE = "autocomplete", MAXLENGTH = "maxlength",
    MINLENGTH = "minlength", MIN = "min", MAX = "max", STEP = "step", ONCLICK = "onclick",
    ONLOAD = "onload", ONERROR = "onerror", ONSUBMIT = "onsubmit", ONCHANGE = "onchange",
    ARIA_LABEL = "aria-label", ARIA_HIDDEN = "aria-hidden", ARIA_EXPANDED = "aria-expanded",
    ARIA_CONTROLS = "aria-controls", ARIA_LABELLEDBY = "aria-labelledby",
    ARIA_DESCRIBEDBY = "aria-describedby", ARIA_HASPOPUP = "aria-haspopup",
    ARIA_CURRENT = "aria-current", ARIA_LIVE = "aria-live", ITEMPROP = "itemprop",
    ITEMSCOPE = "itemscope", ITEMTYPE = "itemtype", ITEMID = "itemid", ITEMREF = "itemref",
    PROPERTY = "property", ABOUT = "about", TYPEOF = "typeof", RESOURCE = "resource", VOCAB = "vocab",
    DATETIME = "datetime", PUBDATE = "pubdate", CELLPADDING = "cellpadding", CELLSPACING = "cellspacing",
    BORDER = "border", ALIGN = "align", VALIGN = "valign", BGCOLOR = "bgcolor", COLOR = "color",
    FACE = "face", SIZE = "size", COLSPAN = "colspan", ROWSPAN = "rowspan", SCOPE = "scope",
    HEADERS = "headers", NOWRAP = "nowrap", CLEAR = "clear", COMPACT = "compact",
    FRAMEBORDER = "frameborder", SCROLLING = "scrolling", MARGINWIDTH = "marginwidth",
    MARGINHEIGHT = "marginheight", ALLOWFULLSCREEN = "allowfullscreen", ALLOW = "allow",
    LOADING = "loading", DECODING = "decoding", FETCHPRIORITY = "fetchpriority",
    CROSSORIGIN = "crossorigin", INTEGRITY = "integrity", REFERRERPOLICY = "referrerpolicy",
    NONCE = "nonce", ASYNC = "async", DEFER = "defer", LANGUAGE = "language", HREFLANG = "hreflang",
    DOWNLOAD = "download", PING = "ping", USEMAP = "usemap", ISMAP = "ismap", SHAPE = "shape",
    COORDS = "coords", LONGDESC = "longdesc", CODEBASE = "codebase", CLASSID = "classid",
    ARCHIVE = "archive", BACKGROUND = "background", TEXT_ALIGN = "text-align", VLINK = "vlink",
    ALINK = "alink", XMLNS = "xmlns", XML_LANG = "xml:lang", XLINK = "xlink", VERSION = "version",
    VIEWBOX = "viewBox", D = "d", FILL = "fill", STROKE = "stroke", STROKE_WIDTH = "stroke-width",
    TRANSFORM = "transform", X = "x", Y = "y", X1 = "x1", Y1 = "y1", X2 = "x2", Y2 = "y2", CX = "cx",
    CY = "cy", R = "r", RX = "rx", RY = "ry", POINTS = "points", FILL_RULE = "fill-rule",
    CLIP_RULE = "clip-rule", STROKE_LINECAP = "stroke-linecap", STROKE_LINEJOIN = "stroke-linejoin",
    OPACITY = "opacity", PRESERVEASPECTRATIO = "preserveAspectRatio", FOCUSABLE = "focusable",
    ENCTYPE = "enctype", ACCEPT = "accept", ACCEPT_CHARSET = "accept-charset",
    CONTENTEDITABLE = "contenteditable", DRAGGABLE = "draggable", SPELLCHECK = "spellcheck",
    TRANSLATE = "translate", ACCESSKEY = "accesskey", DATA_ID = "data-id", DATA_SRC = "data-src",
    DATA_URL = "data-url", DATA_HREF = "data-href", DATA_TYPE = "data-type", DATA_NAME = "data-name",
    DATA_TITLE = "data-title", DATA_TOGGLE = "data-toggle", DATA_TARGET = "data-target",
    DATA_SRCSET = "data-srcset", DATA_VALUE = "data-value", DATA_INDEX = "data-index",
    DATA_ORIGINAL = "data-original", DEFAULT = "default", KIND = "kind", SRCLANG = "srclang",
    CONTROLS = "controls", AUTOPLAY = "autoplay", LOOP = "loop", MUTED = "muted", POSTER = "poster",
    PRELOAD = "preload", PLAYSINLINE = "playsinline", PROFILE = "profile", SCHEME = "scheme",
    START = "start", REVERSED = "reversed", OPEN = "open", HIGH = "high", LOW = "low",
    OPTIMUM = "optimum", LIST = "list", NOVALIDATE = "novalidate", FORMACTION = "formaction",
    COLOR_SCHEME = "color-scheme", AS = "as", IMAGESIZES = "imagesizes", IMAGESRCSET = "imagesrcset",
    BLOCKING = "blocking", IS = "is", PART = "part", EXPORTPARTS = "exportparts", INERT = "inert",
    POPOVER = "popover",
}
