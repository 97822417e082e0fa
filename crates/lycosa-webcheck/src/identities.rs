//! What the frontier is told of places: keys, sites and origins by the web's own word, without a URL parser. Sites and
//! origins are made once for each host.

use std::sync::{Arc, OnceLock};

use lycosa::model::{Discovered, Origin, Request, RequestKind, Scheme, SiteKey, UrlKey};
use lycosa_testkit::web::{Place, Web};

/// The site and the origin of every host that was met.
#[derive(Debug)]
pub(crate) struct Identities {
    web: Web,
    hosts: Vec<OnceLock<Known>>,
}

#[derive(Debug)]
struct Known {
    site: SiteKey,
    origin: Origin,
    /// `http://host`, before a path.
    prefix: String,
}

impl Identities {
    pub(crate) fn new(web: Web) -> Self {
        Self { web, hosts: (0..web.hosts()).map(|_| OnceLock::new()).collect() }
    }

    pub(crate) fn site(&self, host: u32) -> SiteKey {
        self.known(host).site.clone()
    }

    pub(crate) fn origin(&self, host: u32) -> Origin {
        self.known(host).origin.clone()
    }

    /// A place as a frontier keeps it.
    pub(crate) fn discovered(&self, place: Place, kind: RequestKind, depth: u32) -> Discovered {
        let known = self.known(place.host());
        let path = self.web.path(place);
        let mut url = String::with_capacity(known.prefix.len() + path.len());
        url.push_str(&known.prefix);
        url.push_str(&path);
        let request = Request { kind, depth, ..Request::get(Arc::<str>::from(url)) };
        let (site, origin) = (known.site.clone(), known.origin.clone());
        Discovered { key: UrlKey(self.web.key(place)), site, origin, request }
    }

    fn known(&self, host: u32) -> &Known {
        let make = || {
            let name: Arc<str> = self.web.name(host).into();
            let first = self.web.site(host);
            // Hosts of one site share its key.
            let site = if first == host { SiteKey(self.web.domain(host).into()) } else { self.site(first) };
            let origin = Origin { scheme: Scheme::Http, host: name, port: self.web.settings().port };
            Known { site, prefix: format!("http://{}", self.web.authority(host)), origin }
        };
        self.hosts[host as usize].get_or_init(make)
    }
}
