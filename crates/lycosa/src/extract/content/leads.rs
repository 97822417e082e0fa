//! Lines that lead away from a text, as they are worded in several languages: "Read more:", "Related articles".

/// Beginnings of lines that only lead to another page.
const LEADS: &[&str] = &[
    "read more", "read also", "also read", "read next", "read:", "related:", "related story", "related stories", "see also:", "more:",
    "more on this", "watch:", "click here to", "sign up", "subscribe to", "follow us", "share this", "advertisement", "post comment", "click to", "download our",
    "lesen sie auch", "lesen sie mehr", "mehr zum thema", "weiterlesen", "auch interessant", "das könnte sie auch",
    "lire aussi", "à lire aussi", "lire la suite", "a lire", "voir aussi", "leer más", "leer también", "lea también", "te puede interesar", "más información",
    "leia também", "leia mais", "saiba mais", "leggi anche", "leggi tutto", "lees ook", "lees meer", "czytaj też", "czytaj także", "zobacz też", "zobacz także",
    "читайте также", "подробнее:", "相关阅读", "相关新闻", "延伸阅读", "推荐阅读", "原标题", "責任編輯", "责任编辑", "関連記事", "続きを読む", "관련기사", "läs också", "läs mer", "les også", "læs også", "lue myös",
];

/// Headings of sections that lead elsewhere, as they begin.
const HEADINGS: &[&str] = &[
    "related", "recommended", "read more", "read next", "more from", "more on", "more stories", "more articles", "more news", "you may also", "you might also", "you may like",
    "popular", "most popular", "most read", "trending", "latest news", "latest posts", "recent posts", "share this", "share on", "share:", "follow us",
    "comments", "leave a comment", "leave a reply", "post a comment", "join the conversation", "newsletter", "subscribe", "sign up", "about the author", "about author", "like this:", "tags", "topics", "advertisement", "sponsored", "post navigation",
    "ähnliche", "verwandte", "mehr zum thema", "mehr von", "das könnte", "weitere artikel", "weitere beiträge", "kommentare", "kommentar schreiben", "schreibe einen kommentar", "schreiben sie einen kommentar", "teilen", "newsletter", "meistgelesen", "auch interessant", "lesen sie auch", "über den autor", "beitragsnavigation", "antwort hinterlassen", "hinterlasse",
    "à lire aussi", "lire aussi", "articles similaires", "sur le même sujet", "commentaires", "laisser un commentaire", "laissez un commentaire", "partager",
    "relacionad", "artículos relacionados", "noticias relacionadas", "te puede interesar", "comentarios", "deja un comentario", "deja una respuesta", "compartir", "comparte", "lo más",
    "você pode gostar", "você também pode", "leia também", "veja também", "notícias relacionadas", "comentários", "deixe um comentário", "compartilhe",
    "articoli correlati", "leggi anche", "commenti", "condividi", "potrebbe interessarti", "lascia un commento",
    "gerelateerd", "lees ook", "reacties", "zobacz też", "komentarze", "podobne", "dodaj komentarz", "читайте также", "комментарии", "похожие", "по теме",
    "相关", "推荐", "热门", "评论", "延伸阅读", "関連", "コメント", "おすすめ", "관련", "댓글",
];

/// The longest line that leads, in bytes: longer ones say something themselves.
const LONGEST: usize = 220;

/// Whether a line only leads elsewhere.
pub(super) fn is_lead(text: &str) -> bool {
    begins(text, LEADS, LONGEST)
}

/// Whether a heading opens a section that leads elsewhere.
pub(super) fn is_leading_heading(text: &str) -> bool {
    begins(text, HEADINGS, 60)
}

fn begins(text: &str, list: &[&str], longest: usize) -> bool {
    let text = text.trim();
    if text.len() > longest {
        return false;
    }
    let lower = text.to_lowercase();
    let lower = lower.trim_start_matches(|c: char| !c.is_alphanumeric());
    list.iter().any(|lead| lower.strip_prefix(lead).is_some_and(|rest| ends_word(lead, rest)))
}

/// Whether the word that a lead ends with ends in the text too; of scripts without spaces every letter is one.
fn ends_word(lead: &str, rest: &str) -> bool {
    let is_open = lead.chars().next_back().is_some_and(|c| !c.is_ascii() || c == ':');
    is_open || !rest.starts_with(|c: char| c.is_ascii_lowercase())
}
