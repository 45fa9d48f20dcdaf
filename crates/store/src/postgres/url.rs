//! What a Postgres URL may say. For `connect` alone.

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

use crate::OpenError;

/// What a URL may set. The driver logs the value of any other, which may be a part of a mistyped password.
const PARAMETERS: [&str; 12] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
];

/// libpq's, and not the driver's: which of several servers, or states of one, will do.
const WHICH_SERVER: &str = "target_session_attrs";

/// The server that `url` names. Nothing of it is told but the names of parameters.
pub fn options(url: &str) -> Result<PgConnectOptions, OpenError> {
    let ours = url.starts_with("postgres://") || url.starts_with("postgresql://");
    if !ours || url.contains('#') {
        return Err(OpenError::NotPostgres);
    }
    let (server, query) = url.split_once('?').unwrap_or((url, ""));
    let mut taken = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if name == WHICH_SERVER {
            takes_writes(value)?;
        } else if PARAMETERS.contains(&name) {
            taken.push((name, value));
        } else {
            return Err(unknown(server, query, name));
        }
    }
    if names_several(server)
        || taken.iter().any(|(name, value)| name.starts_with("host") && value.contains(','))
    {
        return Err(OpenError::SeveralServers);
    }
    let written = |(name, value): &(&str, &str)| format!("{name}={value}");
    let query = taken.iter().map(written).collect::<Vec<_>>().join("&");
    // The driver's own words may quote the URL.
    PgConnectOptions::from_str(&format!("{server}?{query}")).map_err(|_| {
        let bad = taken
            .iter()
            .find(|pair| PgConnectOptions::from_str(&format!("postgres://h/d?{}", written(pair))).is_err());
        bad.map_or(OpenError::NotPostgres, |(name, _)| OpenError::BadParameter((*name).to_owned()))
    })
}

/// Only a server that can be written is of use, so that is what is looked for in any case.
fn takes_writes(value: &str) -> Result<(), OpenError> {
    match value {
        "read-write" | "primary" | "any" => Ok(()),
        "read-only" | "standby" | "prefer-standby" => Err(OpenError::Standby),
        _ => Err(OpenError::BadParameter(WHICH_SERVER.to_owned())),
    }
}

/// What a parameter's name seems to be is a part of a password when that holds a `?` as it stands: the `@` behind the
/// password then comes after it.
fn unknown(server: &str, query: &str, name: &str) -> OpenError {
    let rest = server.split_once("://").map_or("", |(_, rest)| rest);
    let port = rest.split_once(':').map_or("", |(_, port)| port.split('/').next().unwrap_or_default());
    let in_password =
        query.contains('@') || !rest.contains('@') && !port.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_-.[]".contains(c);
    if in_password || !name.chars().all(is_word) {
        return OpenError::NotPostgres;
    }
    let known = [&PARAMETERS[..], &[WHICH_SERVER]].concat().join(", ");
    OpenError::UnknownParameter { name: name.to_owned(), known }
}

/// Whether it is libpq's list of hosts.
fn names_several(server: &str) -> bool {
    let rest = server.split_once("://").map_or("", |(_, rest)| rest);
    let hosts = rest.rsplit_once('@').map_or(rest, |(_, hosts)| hosts);
    hosts.split('/').next().is_some_and(|hosts| hosts.contains(','))
}
