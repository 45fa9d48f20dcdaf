//! Where a session is used, as far as it is kept and shown: the browser and the system by their names, and the
//! network, shortened. What a client says of itself is never stored: a name of ours is, or nothing.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use woothee::parser::{Parser, WootheeResult};

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
        let (browser, system) = user_agent.map_or((None, None), names);
        Self {
            browser: browser.map(str::to_owned),
            system: system.map(str::to_owned),
            network: (from != Network::UNKNOWN).then(|| from.to_string()),
        }
    }
}

/// What people call the browser and the system.
fn names(user_agent: &str) -> (Option<&str>, Option<&str>) {
    let Some(parsed) = Parser::new().parse(user_agent) else { return (None, None) };
    // They claim to be on whatever system they are after.
    if parsed.category != "crawler" && is_bot(user_agent) {
        return (Some(BOT), None);
    }
    let system = known(parsed.os).map(system);
    (browser(user_agent, &parsed, system), system)
}

/// A bot that the parser has no name for.
const BOT: &str = "Bot";

/// The systems that Safari is made for.
const APPLE: [&str; 5] = ["macOS", "iPhone", "iPad", "iPod", "iOS"];

fn browser<'a>(user_agent: &str, parsed: &WootheeResult<'a>, system: Option<&str>) -> Option<&'a str> {
    let name = known(parsed.name)?;
    Some(match name {
        // Each browser with WebKit in it says Safari.
        "Safari" if user_agent.contains("Epiphany/") => "GNOME Web",
        "Safari" if system == Some("Android") => "Android Browser",
        "Safari" if !system.is_some_and(|system| APPLE.contains(&system)) => "WebKit",
        "SamsungBrowser" => "Samsung Internet",
        "HTTP Library" => library(parsed.version),
        "misc crawler" => BOT,
        // A console or an old phone, whose browser has no name of its own.
        _ if system == Some(name) => return None,
        _ => name,
    })
}

/// What made a request, where the parser gives the language for a version.
fn library(language: &str) -> &str {
    match language {
        "wget" => "Wget",
        "perl" => "Perl",
        "php" => "PHP",
        "python" => "Python",
        "ruby" => "Ruby",
        other => other,
    }
}

/// Whether it says so: `PetalBot`, `YandexBot/3.0`, `Baiduspider`; but a Cubot is a phone.
fn is_bot(user_agent: &str) -> bool {
    user_agent
        .split(|c: char| !c.is_ascii_alphanumeric())
        .map(str::to_ascii_lowercase)
        .any(|word| ["bot", "crawler", "spider"].iter().any(|kind| word.ends_with(kind)) && word != "cubot")
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
