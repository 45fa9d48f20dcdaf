//! Where a session is used, as far as it is kept and shown: the browser and the system by their names, and the
//! network, shortened. What a client says of itself is never stored: a name of ours is, or nothing.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use woothee::parser::Parser;

/// No User-Agent that tells us anything is longer.
const LONGEST_USER_AGENT: usize = 512;

/// Where somebody is: their IPv4 address, or the 56 bits of their IPv6 address that one household gets (RFC 6177).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(Option<IpAddr>);

impl Network {
    /// Nothing tells where they are. All of them count as one network.
    pub const UNKNOWN: Self = Self(None);
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(Some(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d & 0xff00, 0, 0, 0, 0))
            }
            v4 @ IpAddr::V4(_) => v4,
        }))
    }
}

/// Shortened for people and for storage: `192.0.2.*`, `2001:db8:1:*`.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(address) = self.0 else { return f.write_str("an unknown network") };
        match address {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                write!(f, "{a}.{b}.{c}.*")
            }
            IpAddr::V6(address) if address.is_unspecified() => f.write_str("::*"),
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                write!(f, "{a:x}:{b:x}:{c:x}:*")
            }
        }
    }
}

/// Where a session is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The browser's name, such as `Firefox`.
    pub browser: Option<String>,
    /// The system's name, such as `Linux`.
    pub system: Option<String>,
    /// The network, shortened.
    pub network: Option<String>,
}

impl Device {
    /// What is kept of a request's User-Agent (RFC 9110, 10.1.5) and of where it came from.
    pub fn new(user_agent: Option<&str>, from: Network) -> Self {
        let user_agent = user_agent.filter(|text| text.len() <= LONGEST_USER_AGENT);
        let parsed = user_agent.and_then(|text| Parser::new().parse(text));
        let (browser, system) =
            parsed.map_or((None, None), |parsed| (known(parsed.name), known(parsed.os).map(system)));
        Self {
            browser: browser.map(str::to_owned),
            system: system.map(str::to_owned),
            network: (from != Network::UNKNOWN).then(|| from.to_string()),
        }
    }
}

fn known(name: &str) -> Option<&str> {
    (!name.is_empty() && name != "UNKNOWN").then_some(name)
}

/// What people call it today.
fn system(name: &str) -> &str {
    match name {
        "Mac OSX" => "macOS",
        windows if windows.starts_with("Windows") => "Windows",
        other => other,
    }
}

#[cfg(test)]
mod tests;
