//! Where a client is: the connection's own address, or what the proxy in front says (`--client-ip`).
//!
//! A proxy may write a port behind the address, brackets or quotes around it, or no address at all; the libraries for
//! this take bare addresses only. What is no address is the unknown network, which is throttled as one.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use clap::ValueEnum;
use lanyard_auth::device::Network;

/// No more of a header goes into the log.
const LONGEST_TOLD: usize = 100;

/// What says where a client is. The names are those of the headers, also as they are written on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub enum Source {
    /// The connection itself
    #[default]
    ConnectInfo,
    /// The last address in X-Forwarded-For
    #[value(alias = "X-Forwarded-For")]
    RightmostXForwardedFor,
    /// The last element of Forwarded (RFC 7239)
    #[value(alias = "Forwarded")]
    RightmostForwarded,
    /// X-Real-IP, as nginx is often told to write it
    #[value(alias = "X-Real-IP")]
    XRealIp,
    /// CF-Connecting-IP, by Cloudflare
    #[value(alias = "CF-Connecting-IP")]
    CfConnectingIp,
    /// CloudFront-Viewer-Address, by Amazon's CloudFront
    #[value(alias = "CloudFront-Viewer-Address")]
    CloudFrontViewerAddress,
    /// Fly-Client-IP, by Fly.io
    #[value(alias = "Fly-Client-IP")]
    FlyClientIp,
    /// True-Client-IP, by Akamai and Cloudflare
    #[value(alias = "True-Client-IP")]
    TrueClientIp,
    /// X-Envoy-External-Address
    #[value(alias = "X-Envoy-External-Address")]
    XEnvoyExternalAddress,
}

impl Source {
    /// The header to look at; none for the connection itself.
    fn header(self) -> Option<HeaderName> {
        let name = match self {
            Self::ConnectInfo => return None,
            Self::RightmostXForwardedFor => "x-forwarded-for",
            Self::RightmostForwarded => "forwarded",
            Self::XRealIp => "x-real-ip",
            Self::CfConnectingIp => "cf-connecting-ip",
            Self::CloudFrontViewerAddress => "cloudfront-viewer-address",
            Self::FlyClientIp => "fly-client-ip",
            Self::TrueClientIp => "true-client-ip",
            Self::XEnvoyExternalAddress => "x-envoy-external-address",
        };
        Some(HeaderName::from_static(name))
    }

    /// The part of the header that the proxy in front wrote.
    fn told<'a>(self, headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
        let mut lines = headers.get_all(name).iter();
        let last = lines.next_back()?;
        let is_list = matches!(self, Self::RightmostXForwardedFor | Self::RightmostForwarded);
        // A proxy that sets a header puts its own in the place of the client's: with two, nobody knows whose is which.
        if !is_list && lines.next().is_some() {
            return Some("");
        }
        // Spaces around a list's elements are no part of them; what is no text is no address either.
        let text = str::from_utf8(last.as_bytes()).unwrap_or_default();
        Some(if is_list { last_element(text).trim() } else { text })
    }
}

/// Tells where clients are, and the log when that can't be told.
#[derive(Debug, Default)]
pub struct ClientAddress {
    source: Source,
    told_missing: AtomicBool,
    told_unreadable: AtomicBool,
}

impl ClientAddress {
    /// By this source.
    pub fn new(source: Source) -> Self {
        Self { source, ..Self::default() }
    }

    /// The network that a request comes from.
    pub fn network(&self, parts: &Parts) -> Network {
        let Some(header) = self.source.header() else {
            let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
            return connection.map_or(Network::UNKNOWN, |ConnectInfo(address)| address.ip().into());
        };
        let Some(told) = self.source.told(&parts.headers, &header) else {
            if !self.told_missing.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    %header,
                    "--client-ip does not fit the proxy in front: a request came without the header. All such requests \
                     count as one network; this is not told again"
                );
            }
            return Network::UNKNOWN;
        };
        let found = match self.source {
            Source::RightmostForwarded => forwarded_for(told).and_then(address),
            _ => address(told),
        };
        if found.is_none() && !self.told_unreadable.swap(true, Ordering::Relaxed) {
            let value: String = told.chars().take(LONGEST_TOLD).collect();
            tracing::warn!(
                %header, ?value,
                "--client-ip does not fit the proxy in front: the header holds no address. All such requests count as \
                 one network; this is not told again"
            );
        }
        found.map_or(Network::UNKNOWN, Network::from)
    }
}

/// The last element of a list (RFC 9110, 5.6.1), where the nearest proxy adds its own. Read from its end, so that nothing
/// which a client wrote before that changes it, an open quote for one.
fn last_element(list: &str) -> &str {
    let mut quoted = false;
    let comma = list.bytes().enumerate().rev().find(|(_, byte)| {
        quoted ^= *byte == b'"';
        *byte == b',' && !quoted
    });
    comma.and_then(|(at, _)| list.get(at + 1..)).unwrap_or(list)
}

/// The `for` of an element of Forwarded (RFC 7239, 4).
fn forwarded_for(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value)
    })
}

/// An address as proxies write it: bare or quoted, with or without brackets, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).trim();
    if let Some(text) = text.strip_prefix('[') {
        let (address, behind) = text.split_once(']')?;
        let ends_well = behind.is_empty() || behind.strip_prefix(':').is_some_and(is_port);
        return bare(address).filter(|_| ends_well);
    }
    bare(text).or_else(|| {
        let (address, port) = text.rsplit_once(':')?;
        bare(address).filter(|_| is_port(port))
    })
}

/// An address alone. Where it has a zone (RFC 4007, 11), that is the business of the machine which wrote it.
fn bare(text: &str) -> Option<IpAddr> {
    match text.split_once('%') {
        Some((address, _zone)) => address.parse().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

/// A port, which RFC 7239 lets a proxy hide (`_hidden`).
fn is_port(text: &str) -> bool {
    let digits = text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits || text.starts_with('_')
}

#[cfg(test)]
mod tests;
