//! The proxies of a crawl or a single fetch: those named, else those of the environment.

use super::options::Options;
use crate::error::{Error, ErrorKind, Result};
use crate::fetch::Proxy;
use crate::proxies::{NoProxy, ProxyRoutes};

/// Where exchanges go through; none when they go without.
///
/// # Errors
/// [`ErrorKind::Usage`] for an address that is none of a proxy, or an entry of `no_proxy` that is no host.
pub(super) fn routes(options: &Options) -> Result<Option<ProxyRoutes>> {
    let no_proxy = NoProxy::new(options.no_proxy.iter().map(String::as_str))?;
    if let Some(pool) = options.proxies.clone() {
        let routes = ProxyRoutes::new(pool, no_proxy);
        check(&routes)?;
        return Ok(Some(routes));
    }
    if !options.proxy_from_env {
        return Ok(None);
    }
    let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let Some(routes) = ProxyRoutes::of_environment(variable) else { return Ok(None) };
    check(&routes).map_err(|error| {
        let message = format!("a proxy of the environment is of no use: {}", error.message());
        Error::new(ErrorKind::Usage, message)
            .with_hint("look at http_proxy, https_proxy and all_proxy; --proxy is taken instead of them")
    })?;
    Ok(Some(if options.no_proxy.is_empty() { routes } else { routes.with_no_proxy(no_proxy) }))
}

fn check(routes: &ProxyRoutes) -> Result<()> {
    routes.proxies().try_for_each(|proxy| Proxy::parse(proxy.as_str()).map(drop))
}
