//! The answers of a synthetic site. The title and the items here and in the oracle come from the same functions;
//! the markup around them exists only here.

use super::{Kind, Spelling, SyntheticSite};
use crate::{Request, Response, Server};
use std::fmt::Write;

const WORDS: [&str; 16] = [
    "burrow", "silk", "meadow", "at", "dusk", "eight", "eyes", "shine", "under", "bark", "and", "wait",
    "for", "the", "quiet", "rain",
];

impl SyntheticSite {
    /// Starts a server for this site on a free port.
    pub fn serve(self) -> Server {
        Server::start(move |request| self.answer(request))
    }

    /// The answer to one request, a function of the request alone.
    pub fn answer(&self, request: &Request) -> Response {
        if request.target == "/robots.txt" {
            return Response::text(self.robots());
        }
        let Some(page) = self.page_at(&request.target) else { return Response::not_found() };
        let response = match self.kind(page) {
            Kind::Missing => Response::not_found(),
            Kind::Redirect(status, to) => Response::redirect(status, &self.path(to)),
            Kind::Flaky if request.visit <= 1 => Response::new(503),
            Kind::Page | Kind::Flaky | Kind::Denied => {
                let html = Response::html(self.html(page, request.host()));
                if self.hash(page, 7).is_multiple_of(3) { html.chunked() } else { html }
            }
        };
        response.delay_first_byte(self.delay(page))
    }

    /// The markup of a page, with absolute links to this host.
    pub fn html(&self, page: u32, host: &str) -> String {
        let mut html = String::with_capacity(self.page_bytes + 1_500);
        let title = escaped(&self.title(page));
        let _ = write!(
            html,
            "<!doctype html><html lang=en><head><title>{title}</title></head><body><h1>{title}</h1>"
        );
        for item in self.items(page) {
            let _ = write!(
                html,
                "<div class=item data-id=\"{}\"><b class=name>{}</b> <i class=price>{}</i></div>",
                item.id,
                escaped(&item.name),
                item.price
            );
        }
        html.push_str("<ul>");
        for (position, to) in self.links(page).into_iter().enumerate() {
            let spelling = self.spelling(page, position);
            let href = escaped(&spelling.write(&self.path(to), host));
            let _ = write!(html, "<li><a href=\"{href}\">page {to}</a>");
        }
        html.push_str("</ul><p>");
        self.prose(page, &mut html);
        html.push_str("</p></body></html>");
        html
    }

    /// How the link at this position of a page is written; a third are plain.
    fn spelling(&self, page: u32, position: usize) -> Spelling {
        let hash = self.hash(page, 2_000 + position as u64);
        if hash.is_multiple_of(3) {
            return Spelling::Plain;
        }
        Spelling::ALL[(hash >> 16) as usize % Spelling::ALL.len()]
    }

    fn prose(&self, page: u32, html: &mut String) {
        let end = html.len() + self.page_bytes;
        let mut question = 3_000;
        while html.len() < end {
            let mut hash = self.hash(page, question);
            question += 1;
            for _ in 0..16 {
                html.push_str(WORDS[(hash % 16) as usize]);
                html.push(' ');
                hash >>= 4;
            }
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
