//! The journey of a page: read the body, decode, parse, extract, and put it all into one commit.
//!
//! Decoding, parsing, extraction and hooks are synchronous and happen between two awaits; the document is gone
//! before the commit is awaited.

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderMap;
use lycosa_dom::{
    CharsetSource, Confidence, DecodeOptions, Decoded, Document, DocumentKind, ParseOptions, TreeState,
};
use url::Url;

use super::journey::{Arrival, Ending, Journey};
use super::judgement::Judgement;
use super::pages::CommittedPage;
use super::revisits::{Comparison, content_of};
use super::shown::Shown;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::extract::{
    CharsetNotes, OutcomeFacts, Outlinks, PageFacts, PageSays, ParsedAs, declared_base, item_record,
    outcome_record, page_record, reject_record,
};
use crate::model::{
    Candidate, Commit, CommitNotes, Discovered, Exclusion, Facts, Findings, Item, Outcome, Page, Record,
    RecordKind, RequestKind, Revisit, Verdict,
};

/// Bodies from this size on are worked on outside the runtime's own threads, so that they hold up nobody.
const LARGE_BODY: usize = 512 << 10;

/// A page that was read to its end.
struct Arrived {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    content_type: Option<String>,
    proxy: Option<String>,
    guard_delegated: bool,
    /// The body is what came before a damage.
    is_cut: bool,
}

/// What came out of a page.
struct Digest {
    records: Vec<Record>,
    outlinks: Vec<Discovered>,
    notes: CommitNotes,
    page: Option<Box<CommittedPage>>,
    items: u64,
    /// Whether it counts as one.
    is_page: bool,
    /// Why it is no page of the crawl although its links count.
    excluded: Option<Exclusion>,
    /// The next visit.
    revisit: Option<Revisit>,
}

impl Digest {
    /// Of a page that is not kept, but for its links.
    fn without_records(outlinks: Vec<Discovered>, notes: CommitNotes) -> Self {
        let (records, page, items) = (Vec::new(), None, 0);
        Self { records, outlinks, notes, page, items, is_page: false, excluded: None, revisit: None }
    }
}

impl Journey {
    /// Works on the final answer to a page request.
    pub(super) async fn page_arrived(&mut self, arrival: Arrival) -> Ending {
        let status = arrival.status;
        let response = *arrival.response;
        let content_type = response.header("content-type").map(Cow::into_owned);
        if !(200..300).contains(&status) {
            return self.not_a_page(response).await;
        }
        if !accepts(&self.shared.parts.settings.accept_types, content_type.as_deref()) {
            self.note_answer(status, 0, response.body.wire_bytes());
            return self.excluded(Exclusion::ContentType);
        }
        let (body, end) = response.body.read().await;
        self.note_answer(status, body.len() as u64, end.wire_bytes);
        let is_cut = match &end.error {
            Some(error) if keeps_its_part(error, &body) => {
                let why =
                    format!("the body of a page is kept as far as it could be decoded: {}", error.message());
                self.shared.telemetry.problem(why);
                true
            }
            Some(error) => return self.retry_body(error).unwrap_or_else(|| self.failed(error.clone())),
            None => false,
        };
        if let Some(block) = self.block_of(status, &response.headers, &body) {
            return self.blocked(block, &response.headers);
        }
        let Facts { proxy, guard_delegated, .. } = response.facts;
        let headers = response.headers;
        let arrived = Arrived { status, headers, body, content_type, proxy, guard_delegated, is_cut };
        let digest = if arrived.body.len() >= LARGE_BODY && has_other_threads() {
            tokio::task::block_in_place(|| self.digest(&arrived))
        } else {
            self.digest(&arrived)
        };
        match digest {
            Ok(Ok(digest)) => self.page_ending(status, digest),
            Ok(Err(reason)) => self.excluded(reason),
            Err(error) if error.kind() == ErrorKind::Output => self.stop(error),
            Err(error) => self.failed(error),
        }
    }

    fn page_ending(&mut self, status: u16, digest: Digest) -> Ending {
        if let Some(reason) = digest.excluded {
            self.shared.telemetry.skipped(reason, 1);
            let commit = self.commit(Outcome::Excluded { reason });
            return Ending::Commit(
                Box::new(Commit { outlinks: digest.outlinks, notes: digest.notes, ..commit }),
                None,
            );
        }
        let mut commit = self.page_commit(status, digest.records, digest.outlinks, digest.notes);
        // A visit that found nothing new is no page once more.
        commit.is_page = digest.is_page;
        if digest.is_page {
            self.shared.telemetry.page(digest.items);
        }
        commit.revisit = digest.revisit;
        Ending::Commit(Box::new(commit), digest.page)
    }

    /// From bytes to records and outlinks. The inner error is a reason not to keep the page.
    fn digest(&mut self, arrived: &Arrived) -> Result<Result<Digest, Exclusion>> {
        let decoded = self.decode(&arrived.body, arrived.content_type.as_deref())?;
        let document = DocumentKind::of(arrived.content_type.as_deref(), &decoded.text).map(|kind| {
            Document::parse(&decoded.text, kind, ParseOptions::default()).in_charset(decoded.charset)
        });
        let base = document.as_ref().and_then(|document| declared_base(document, &self.url));
        let page = Page {
            request: &self.request,
            url: &self.url,
            base: base.as_ref().unwrap_or(&self.url),
            status: arrived.status,
            headers: &arrived.headers,
            body: &arrived.body,
            text: &decoded.text,
            fetched_at: self.started(),
            document: document.as_ref(),
        };
        self.tell_of_cut_tree(document.as_ref());
        let shown = Shown::new(document.as_ref(), &decoded.text);
        let novelty = self.novelty(&page, &shown);
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.content = novelty;
        }
        let judgement = self.judge(&page, &shown);
        let mut findings = self.extract(&page, judgement.excluded.is_none())?;
        for note in findings.notes.drain(..) {
            self.shared.telemetry.problem(note);
        }
        if let Some(reason) = findings.excluded {
            return Ok(Err(reason));
        }
        self.tell_of_many_links(&findings);
        let (outlinks, notes) = if judgement.follows {
            self.shared.discover_outlinks(&self.request, &self.url, &findings, &self.shared.anchors(&page))
        } else {
            (Vec::new(), CommitNotes::default())
        };
        if let Some(reason) = judgement.excluded {
            self.repeats = judgement.repeats();
            return Ok(Ok(Digest { excluded: Some(reason), ..Digest::without_records(outlinks, notes) }));
        }
        let content = content_of(&shown);
        let revisit = self.visit_after(content, &arrived.headers);
        let compared = self.compared(content);
        if compared.is_some_and(|compared| !self.writes(compared.changed)) {
            return Ok(Ok(Digest { revisit, ..Digest::without_records(outlinks, notes) }));
        }
        findings.items.retain_mut(|item| self.shared.parts.hooks.on_item(item));
        let records = self.page_records(&page, arrived, &decoded, &findings, &judgement, compared);
        let items = findings.items.len() as u64;
        let page = self
            .shared
            .parts
            .feed
            .is_some()
            .then(|| self.committed_page(arrived, &decoded.text, findings.items));
        Ok(Ok(Digest { records, outlinks, notes, page, items, is_page: true, excluded: None, revisit }))
    }

    fn tell_of_cut_tree(&self, document: Option<&Document>) {
        if let Some(why) = document.and_then(|document| cut_reason(document.tree_state())) {
            self.shared.telemetry.problem(format!(
                "the tree of {} was cut ({why}); its links were taken without it",
                self.url
            ));
        }
    }

    fn tell_of_many_links(&self, findings: &Findings) {
        let most = self.shared.parts.settings.max_links;
        if findings.outlinks.len() >= most {
            self.shared
                .telemetry
                .problem(format!("a page has {most} links or more; those beyond are not followed"));
        }
    }

    fn decode<'a>(&self, body: &'a [u8], content_type: Option<&str>) -> Result<Decoded<'a>> {
        let tld = self.url.host_str().and_then(|host| host.rsplit_once('.')).map(|(_, tld)| tld);
        let malformed = self.shared.parts.settings.malformed;
        let options = DecodeOptions { transport: content_type, tld, malformed, ..DecodeOptions::default() };
        lycosa_dom::decode_with(body, &options)
            .map_err(|error| Error::new(ErrorKind::Charset, error.to_string()).in_phase(Phase::Decode))
    }

    /// What extractors and user code take out of a page that is kept, or its links alone.
    fn extract(&self, page: &Page<'_>, is_kept: bool) -> Result<Findings> {
        let mut findings = Findings::default();
        for extractor in self.shared.parts.extractors.iter() {
            let result = if is_kept {
                extractor.extract(page, &mut findings)
            } else {
                extractor.extract_links(page, &mut findings)
            };
            result.map_err(|error| error.in_phase(Phase::Extract))?;
        }
        if is_kept {
            let hooks = &self.shared.parts.hooks;
            hooks.on_page(page, &mut findings).map_err(|error| error.in_phase(Phase::Hook))?;
        }
        Ok(findings)
    }

    fn committed_page(&self, arrived: &Arrived, text: &str, items: Vec<Item>) -> Box<CommittedPage> {
        Box::new(CommittedPage {
            request: self.request.clone(),
            url: self.url.clone(),
            status: arrived.status,
            headers: arrived.headers.clone(),
            body: arrived.body.clone(),
            text: text.to_owned(),
            items,
        })
    }

    fn page_records(
        &self,
        page: &Page<'_>,
        arrived: &Arrived,
        decoded: &Decoded<'_>,
        findings: &Findings,
        judgement: &Judgement,
        compared: Option<Comparison>,
    ) -> Vec<Record> {
        let request = &self.request;
        let listed =
            if self.shared.parts.settings.list_outlinks { findings.outlinks.as_slice() } else { &[] };
        let links: Vec<&str> = listed.iter().map(|link| link.url.as_str()).collect();
        let canonical =
            page.document.and_then(|document| document.canonical()).and_then(|href| page.resolve(href));
        let canonical = canonical.as_ref().or(judgement.header_canonical.as_ref());
        let alias_of = canonical.and_then(|canonical| self.declared_alias_of(canonical));
        let title = page.document.and_then(|document| document.title());
        let cut = page.document.and_then(|document| cut_reason(document.tree_state()));
        let fallback = page.document.and_then(|document| document.xml_fallback()).map(ToString::to_string);
        let parsed_as = page
            .document
            .map(|document| ParsedAs { kind: document.kind().as_str(), fallback: fallback.as_deref() });
        let facts = PageFacts {
            url: request.first_url(),
            final_url: &request.url,
            status: arrived.status,
            depth: request.depth,
            parent: request.parent.as_deref(),
            title: title.as_deref(),
            description: page.document.and_then(|document| document.meta("description")),
            canonical: canonical.map(Url::as_str),
            lang: page.document.and_then(|document| document.lang()),
            content_type: arrived.content_type.as_deref(),
            charset: Some(decoded.charset),
            charset_source: Some(decoded.source.as_str()),
            charset_notes: charset_notes(decoded),
            bytes: arrived.body.len() as u64,
            fetched_at: self.started(),
            duration: self.elapsed(),
            outlinks: if self.shared.parts.settings.list_outlinks {
                Outlinks::List(&links)
            } else {
                Outlinks::Count(findings.outlinks.len() as u64)
            },
            redirects: &request.chain,
            proxy: arrived.proxy.as_deref(),
            guard_delegated: arrived.guard_delegated,
            tree_cut: cut,
            parsed_as: parsed_as.filter(|parsed| parsed.kind == "xml" || parsed.fallback.is_some()),
            body_cut: arrived.is_cut.then_some("decompression"),
            body_file: findings.body_file.as_deref(),
            says: PageSays { declared_alias_of: alias_of.as_deref(), ..judgement.says() },
            revisited: compared.map(|compared| (compared.generation, compared.changed)),
        };
        let mut records = Vec::with_capacity(1 + findings.items.len() + findings.rejects.len());
        records.push(self.record(0, RecordKind::Page, page_record(&facts)));
        for (index, item) in (1..).zip(&findings.items) {
            let json = item_record(item, &request.url);
            records.push(self.record(index, RecordKind::Item(item.kind.clone()), json));
        }
        let items = u32::try_from(findings.items.len()).unwrap_or(u32::MAX);
        for (index, reject) in (items.saturating_add(1)..).zip(&findings.rejects) {
            let json = reject_record(reject, &request.url);
            records.push(self.record(index, RecordKind::Reject(reject.kind.clone()), json));
        }
        records
    }

    /// The canonical form of the URL that a page declares to be its own, when that is another one and belongs to the crawl.
    fn declared_alias_of(&self, declared: &Url) -> Option<String> {
        if *declared == self.url {
            return None;
        }
        let parts = &self.shared.parts;
        let declared = parts.identity.identify(declared)?;
        let candidate =
            Candidate { url: &declared.canonical, kind: RequestKind::Page, depth: self.request.depth };
        let is_another = parts.identity.identify(&self.url)?.key != declared.key;
        (is_another && parts.scope.judge(candidate) == Verdict::Accept)
            .then(|| declared.canonical.into_owned().into())
    }

    /// The record of an outcome that gives no page, when such records are wanted.
    pub(super) fn outcome_records(&self, outcome: &Outcome) -> Vec<Record> {
        // A redirect is told by the hop that ends the chain, under the URL that began it.
        let is_hop = matches!(outcome, Outcome::Redirect { .. });
        let yields_page = self.lease.request.kind.yields_page();
        if is_hop || !self.shared.parts.settings.all_outcomes || !yields_page {
            return Vec::new();
        }
        self.records_of(outcome)
    }

    /// The record of an outcome.
    pub(super) fn records_of(&self, outcome: &Outcome) -> Vec<Record> {
        let sent = self.attempts.len() + self.request.chain.len();
        let attempts = self.request.attempt + u32::try_from(sent).unwrap_or(u32::MAX);
        let answer = self.answered.as_ref();
        let facts = OutcomeFacts {
            url: self.request.first_url(),
            outcome,
            final_url: answer.map(|_| self.url.as_str()),
            content_type: answer.and_then(|content_type| content_type.as_deref()),
            attempts,
            depth: self.request.depth,
            parent: self.request.parent.as_deref(),
            revisited: (self.request.generation > 0).then_some(self.request.generation),
            repeats: self.repeats.as_ref(),
        };
        vec![self.record(0, RecordKind::Outcome, outcome_record(&facts))]
    }

    fn record(&self, index: u32, kind: RecordKind, json: Box<str>) -> Record {
        let parts = &self.shared.parts;
        let id = parts.identity.record_id(self.lease.key, self.request.generation, index);
        Record { id, kind, json }
    }
}

/// Whether work on this thread can be made room for: a runtime of one thread has nobody to hand the others to.
fn has_other_threads() -> bool {
    tokio::runtime::Handle::current().runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread
}

/// Whether a content type is among those accepted; a missing one is, since servers forget it.
fn accepts(accepted: &[String], content_type: Option<&str>) -> bool {
    let Some(content_type) = content_type else { return true };
    let essence = essence(content_type);
    accepted.iter().any(|wanted| match wanted.strip_suffix('*') {
        Some(prefix) => prefix == "*/" || essence.starts_with(prefix),
        None => essence == wanted.as_str(),
    })
}

/// The type without its parameters, lower case.
fn essence(content_type: &str) -> Cow<'_, str> {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(essence.to_ascii_lowercase())
    } else {
        Cow::Borrowed(essence)
    }
}

/// Whether what came of a body before this error is a page. One that was damaged or cut before it was sent comes so
/// every time; browsers show it too.
fn keeps_its_part(error: &Error, body: &[u8]) -> bool {
    error.kind() == ErrorKind::Decompression && !body.is_empty()
}

/// What is to be said of an encoding beyond its name.
fn charset_notes<'a>(decoded: &'a Decoded<'_>) -> CharsetNotes<'a> {
    // A declaration that nothing contradicts is as good as it gets, and no news.
    let usual = match decoded.source {
        CharsetSource::Header | CharsetSource::Meta => Confidence::Likely,
        _ => Confidence::Certain,
    };
    CharsetNotes {
        confidence: (decoded.confidence < usual).then(|| decoded.confidence.as_str()),
        declared: decoded.declared.as_deref().filter(|_| decoded.is_overruled),
        unknown: decoded.unknown_label.as_deref(),
        malformed: decoded.malformed as u64,
    }
}

/// Why a tree is not whole, in a word.
fn cut_reason(state: TreeState) -> Option<&'static str> {
    match state {
        TreeState::Whole => None,
        TreeState::Cut { reason } => Some(reason.as_str()),
    }
}

/// A panic in user code, as the failure it ends the URL with.
pub(super) fn panicked(cause: &str) -> Error {
    Error::new(ErrorKind::UserCode, format!("the worker panicked: {cause}")).in_phase(Phase::Hook)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_matched_without_parameters_and_case() {
        let accepted = vec!["text/html".to_owned(), "image/*".to_owned()];
        assert!(accepts(&accepted, Some("Text/HTML; charset=utf-8")));
        assert!(accepts(&accepted, Some("image/png")));
        assert!(accepts(&["*/*".to_owned()], Some("image/png")));
        assert!(!accepts(&accepted, Some("text/htmlish")));
        assert!(accepts(&accepted, None), "servers forget the type");
    }
}
