//! Names of months in European languages, without accents. A name may be cut to three letters or more.

/// A language and its months; a month's forms are separated by `/`.
type Calendar = (&'static str, [&'static str; 12]);

#[rustfmt::skip]
const CALENDARS: [Calendar; 20] = [
    ("en", ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]),
    ("de", ["januar/janner", "februar/feber", "marz/maerz/mrz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "dezember"]),
    ("fr", ["janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre", "decembre"]),
    ("es", ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre/setiembre", "octubre", "noviembre", "diciembre"]),
    ("it", ["gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"]),
    ("pt", ["janeiro", "fevereiro", "marco", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"]),
    ("nl", ["januari", "februari", "maart/mrt", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"]),
    ("pl", ["styczen/stycznia", "luty/lutego", "marzec/marca", "kwiecien/kwietnia", "maj/maja", "czerwiec/czerwca", "lipiec/lipca", "sierpien/sierpnia", "wrzesien/wrzesnia", "pazdziernik/pazdziernika", "listopad/listopada", "grudzien/grudnia"]),
    ("cs", ["leden/ledna", "unor/unora", "brezen/brezna", "duben/dubna", "kveten/kvetna", "cerven/cervna", "cervenec/cervence", "srpen/srpna", "zari", "rijen/rijna", "listopad/listopadu", "prosinec/prosince"]),
    ("sk", ["januar/januara", "februar/februara", "marec/marca", "april/aprila", "maj/maja", "jun/juna", "jul/jula", "august/augusta", "september/septembra", "oktober/oktobra", "november/novembra", "december/decembra"]),
    ("sv", ["januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"]),
    ("da", ["januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"]),
    ("no", ["januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "desember"]),
    ("fi", ["tammikuu/tammikuuta", "helmikuu/helmikuuta", "maaliskuu/maaliskuuta", "huhtikuu/huhtikuuta", "toukokuu/toukokuuta", "kesakuu/kesakuuta", "heinakuu/heinakuuta", "elokuu/elokuuta", "syyskuu/syyskuuta", "lokakuu/lokakuuta", "marraskuu/marraskuuta", "joulukuu/joulukuuta"]),
    ("hu", ["januar", "februar", "marcius", "aprilis", "majus", "junius", "julius", "augusztus", "szeptember", "oktober", "november", "december"]),
    ("ro", ["ianuarie", "februarie", "martie", "aprilie", "mai", "iunie", "iulie", "august", "septembrie", "octombrie", "noiembrie", "decembrie"]),
    ("tr", ["ocak", "subat", "mart", "nisan", "mayis", "haziran", "temmuz", "agustos", "eylul", "ekim", "kasim", "aralik"]),
    ("ru", ["январь/января", "февраль/февраля", "март/марта", "апрель/апреля", "май/мая", "июнь/июня", "июль/июля", "август/августа", "сентябрь/сентября", "октябрь/октября", "ноябрь/ноября", "декабрь/декабря"]),
    ("uk", ["січень/січня", "лютий/лютого", "березень/березня", "квітень/квітня", "травень/травня", "червень/червня", "липень/липня", "серпень/серпня", "вересень/вересня", "жовтень/жовтня", "листопад/листопада", "грудень/грудня"]),
    ("el", ["ιανουαριος/ιανουαριου", "φεβρουαριος/φεβρουαριου", "μαρτιος/μαρτιου", "απριλιος/απριλιου", "μαιος/μαιου", "ιουνιος/ιουνιου", "ιουλιος/ιουλιου", "αυγουστος/αυγουστου", "σεπτεμβριος/σεπτεμβριου", "οκτωβριος/οκτωβριου", "νοεμβριος/νοεμβριου", "δεκεμβριος/δεκεμβριου"]),
];

/// The month, from 1, that a folded word names in this language, or in any when none is given or it has no names here.
/// English comes first, since pages of all languages use it; a whole name before the beginning of one.
pub(super) fn month(word: &str, language: Option<&str>) -> Option<u32> {
    let language = match language {
        Some("nb" | "nn") => Some("no"),
        other => other.filter(|wanted| CALENDARS.iter().any(|(known, _)| known == wanted)),
    };
    let of_language =
        || CALENDARS.iter().filter(move |(known, _)| language.is_none_or(|wanted| wanted == *known));
    let is_whole = |name: &str| name == word;
    let is_cut = |name: &str| word.chars().count() >= 3 && name.starts_with(word);
    find(of_language(), is_whole)
        .or_else(|| find(of_language(), is_cut))
        .or_else(|| find(CALENDARS.iter().take(1), is_cut))
}

fn find<'c>(mut calendars: impl Iterator<Item = &'c Calendar>, is_it: impl Fn(&str) -> bool) -> Option<u32> {
    let place =
        calendars.find_map(|(_, months)| months.iter().position(|forms| forms.split('/').any(&is_it)))?;
    u32::try_from(place + 1).ok()
}

/// A word in lower case without accents.
pub(super) fn folded(word: &str) -> String {
    word.chars().flat_map(char::to_lowercase).filter_map(fold).collect()
}

fn fold(c: char) -> Option<char> {
    Some(match c {
        '\u{300}'..='\u{36f}' => return None,
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' | 'ă' => 'a',
        'ç' | 'č' | 'ć' => 'c',
        'ď' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ě' | 'ę' => 'e',
        'ì' | 'í' | 'î' | 'ï' | 'ı' => 'i',
        'ł' => 'l',
        'ñ' | 'ň' | 'ń' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ő' | 'ø' => 'o',
        'ř' => 'r',
        'š' | 'ś' | 'ş' | 'ș' => 's',
        'ť' | 'ț' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ů' | 'ű' => 'u',
        'ý' => 'y',
        'ž' | 'ź' | 'ż' => 'z',
        'ğ' => 'g',
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ί' | 'ϊ' | 'ΐ' => 'ι',
        'ό' => 'ο',
        'ύ' => 'υ',
        'ώ' => 'ω',
        c => c,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_names_its_twelve_months_whole_and_cut() {
        for (language, months) in CALENDARS {
            for (number, forms) in (1..).zip(months) {
                for form in forms.split('/') {
                    assert_eq!(month(&folded(form), Some(language)), Some(number), "{language} {form}");
                }
            }
        }
        for (word, number) in [("Sept", 9), ("déc", 12), ("Mär", 3), ("août", 8), ("Červenec", 7), ("мая", 5)]
        {
            assert_eq!(month(&folded(word), None), Some(number), "{word}");
        }
        assert_eq!(month("ma", None), None);
        assert_eq!(month("banana", None), None);
    }
}
