//! A state of the model: the database's rows, the clients, the thief, and everything that is on its way.

use lanyard_auth::rotation::Decision;
use lanyard_auth::store::EndReason;

use super::config::{Budget, Config, Native, Shape, Ticks};
use super::law::{Ghost, Laws};

/// The browser's first session.
pub const BROWSER: u8 = 0;

/// A refresh token. Its secret is the number of the rotation that made it, so that whoever rotates from the same
/// token with the same salt gets the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    /// Which session it belongs to.
    pub session: u8,
    /// Its generation.
    pub generation: u8,
    /// Its secret.
    pub secret: u8,
}

impl Token {
    /// The secret of a token that the thief made up.
    pub const FORGED: u8 = u8::MAX;

    /// The first token of a session.
    pub const fn first(session: u8) -> Self {
        Self { session, generation: 0, secret: 0 }
    }

    /// Whether its tag verifies.
    pub const fn is_genuine(self) -> bool {
        self.secret != Self::FORGED
    }
}

/// A session's row, with its age instead of `rotated_at`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// Whose session it is.
    pub user: u8,
    /// The user's version at sign-in.
    pub user_version: u8,
    /// The newest token's generation.
    pub generation: u8,
    /// The newest token's secret.
    pub current: u8,
    /// The secret that the last rotation was made from.
    pub previous: Option<u8>,
    /// Ticks since the last rotation; beyond what matters it stands still.
    pub age: Ticks,
    /// Whether a client has shown that it holds the newest token.
    pub confirmed: bool,
    /// Recoveries in a row.
    pub recoveries: u8,
    /// Why it was ended, if it was.
    pub ended: Option<EndReason>,
    /// Ticks until the absolute limit, where that is looked at.
    pub left: Option<Ticks>,
    /// Whether it was rotated in the second half of a coarse unit of time. Only for `Bug::WholeSeconds`.
    pub late_half: bool,
}

impl Row {
    /// A session that has just begun.
    pub fn new(config: &Config, user: u8, user_version: u8) -> Self {
        Self {
            user,
            user_version,
            generation: 0,
            current: 0,
            previous: None,
            age: 0,
            confirmed: true,
            recoveries: 0,
            ended: None,
            left: config.lifetimes.map(|lifetimes| lifetimes.absolute),
            late_half: false,
        }
    }
}

/// An access token, with times that count down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// Its session.
    pub session: u8,
    /// Its generation.
    pub generation: u8,
    /// Ticks until its use confirms its generation; none when there is nothing to confirm.
    pub confirms_in: Option<Ticks>,
    /// Whether its use only confirms together with the hint.
    pub jar: bool,
    /// Ticks until it expires, where that is looked at.
    pub left: Option<Ticks>,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Client {
    /// A tab of the browser.
    Tab(u8),
    /// The client without a browser.
    Native,
    /// Somebody who has stolen something.
    Thief,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant's comment tells of its fields")]
pub enum Errand {
    /// A renewal. The client may say which session it believes in.
    Refresh { expected: Option<u8> },
    /// A sign-out.
    SignOut,
    /// A sign-in; the token that came along is displaced.
    SignIn,
}

/// A request to `/auth/*` and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flight {
    /// Who asked.
    pub from: Client,
    /// What for.
    pub errand: Errand,
    /// The refresh token that came along, if one did.
    pub token: Option<Token>,
    /// Nobody waits for the answer any more.
    pub orphan: bool,
    /// Ticks since it was sent.
    pub age: Ticks,
    /// How far it has got.
    pub stage: Stage,
}

/// How far a request has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant's comment tells of its fields")]
pub enum Stage {
    /// On its way to a server.
    Sent,
    /// A server has read the row, and is to write.
    Decided(Pending),
    /// The write has begun: it has looked at the user and is to look at the session.
    Begun { pending: Pending, user_agrees: bool },
    /// Somebody was faster: the server starts again from reading.
    Raced { server: u8, attempts: u8 },
    /// The answer is on its way.
    Answered(Answer),
}

/// A write that was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pending {
    /// The server.
    pub server: u8,
    /// `Rotate`, `Recover`, `EndReused` or `EndUnconfirmed`.
    pub decision: Decision,
    /// The generation that was seen.
    pub generation: u8,
    /// Whether it was seen confirmed.
    pub confirmed: bool,
    /// How many times this has been tried before.
    pub attempts: u8,
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant's comment tells of its fields")]
pub enum Answer {
    /// An access token, and a refresh token where the rule says so.
    Granted { access: Access, successor: Option<Token> },
    /// 204: signed out.
    SignedOut,
    /// 401: the session was ended.
    Ended(EndReason),
    /// 401: reuse was found.
    Reused,
    /// 401: not known.
    Unknown,
    /// 401: the idle or the absolute limit.
    Expired,
    /// 409: another session than the caller believes in.
    Changed,
    /// 503.
    Unavailable,
}

/// A call with an access token, on its way to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// The access token.
    pub access: Access,
    /// The hint that came along: a session and a generation.
    pub hint: Option<(u8, u8)>,
    /// Ticks since it was sent.
    pub age: Ticks,
}

/// A confirmation in a server's queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// The server.
    pub server: u8,
    /// The session.
    pub session: u8,
    /// The generation.
    pub generation: u8,
}

/// The browser: one cookie jar and its tabs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Browser {
    /// The refresh cookie, and the hint beside it.
    pub jar: Option<Token>,
    /// The jar as it was last written to disk.
    pub disk: Option<Token>,
    /// Ticks since the disk fell behind.
    pub behind: Ticks,
    /// The tabs' access tokens.
    pub tabs: Vec<Option<Access>>,
    /// The owner has signed out: no tab renews.
    pub signed_out: bool,
}

/// The client without a browser.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct App {
    /// What it works with.
    pub token: Option<Token>,
    /// What it starts again with.
    pub stored: Option<Token>,
    /// Its access token.
    pub access: Option<Access>,
}

/// Somebody who has stolen something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Thief {
    /// Refresh tokens, in order.
    pub tokens: Vec<Token>,
    /// The access token that he got last.
    pub access: Option<Access>,
}

/// The database as another node has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Replica {
    /// The sessions.
    pub rows: Vec<Row>,
    /// The users' versions.
    pub versions: [u8; 2],
}

/// A state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// The sessions, by number; the last one is missing when a failover has lost its sign-in.
    pub rows: Vec<Row>,
    /// The users' versions.
    pub versions: [u8; 2],
    /// The database as it was before the last commit, while a failover may still lose that.
    pub unreplicated: Option<Replica>,
    /// The browser.
    pub browser: Browser,
    /// The client without one.
    pub app: Option<App>,
    /// The thief.
    pub thief: Thief,
    /// Requests to `/auth/*`. A request keeps its place while it is under way.
    pub flights: Vec<Option<Flight>>,
    /// The call under way.
    pub call: Option<Call>,
    /// The confirmation in a queue.
    pub order: Option<Order>,
    /// Who made the last rotation of each session. Only for `Bug::WindowInMemory`.
    pub remembered_by: Vec<Option<u8>>,
    /// The second half of a coarse unit of time. Only for `Bug::WholeSeconds`.
    pub late_half: bool,
    /// What may still happen.
    pub left: Budget,
    /// What no program knows, and only the laws look at.
    pub ghost: Ghost,
    /// The laws that were broken.
    pub broken: Laws,
}

impl World {
    /// Everybody is signed in and has an access token.
    pub fn new(config: &Config) -> Self {
        let first = Row::new(config, 0, 0);
        let access = |session, jar| Access {
            session,
            generation: 0,
            confirms_in: None,
            jar,
            left: config.lifetimes.map(|lifetimes| lifetimes.access.min(lifetimes.absolute)),
        };
        let has_app = config.native != Native::Absent;
        let has_browser = config.tabs > 0;
        let sessions = u8::from(has_browser) + u8::from(has_app);
        let in_app = has_app.then_some(Token::first(sessions.saturating_sub(1)));
        let in_jar = has_browser.then_some(Token::first(BROWSER));
        let stolen = config.robbed.then_some(Token::first(BROWSER));
        Self {
            rows: vec![first; usize::from(sessions)],
            versions: [0; 2],
            unreplicated: None,
            browser: Browser {
                jar: in_jar,
                disk: in_jar.filter(|_| config.has_disk()),
                behind: 0,
                tabs: vec![Some(access(BROWSER, true)); usize::from(config.tabs)],
                signed_out: false,
            },
            app: in_app.map(|token| App {
                token: Some(token),
                stored: Some(token),
                access: Some(access(token.session, false)),
            }),
            thief: Thief { tokens: stolen.into_iter().collect(), access: None },
            flights: vec![None; usize::from(config.flights)],
            call: None,
            order: None,
            remembered_by: vec![None; usize::from(sessions)],
            late_half: false,
            left: config.budget,
            ghost: Ghost::new(usize::from(sessions), stolen.is_some()),
            broken: Laws::default(),
        }
    }

    /// A session's row.
    pub fn row(&self, session: u8) -> Option<&Row> {
        self.rows.get(usize::from(session))
    }

    /// Requests that somebody waits for.
    pub fn awaited(&self) -> impl Iterator<Item = &Flight> {
        self.flights.iter().flatten().filter(|flight| !flight.orphan)
    }

    /// The hint cookie.
    pub fn hint(&self) -> Option<(u8, u8)> {
        self.browser.jar.filter(|_| !self.browser.signed_out).map(|token| (token.session, token.generation))
    }
}

impl Browser {
    /// An answer's cookie lands, or goes.
    pub fn set_jar(&mut self, token: Option<Token>) {
        self.jar = token;
        if self.jar == self.disk {
            self.behind = 0;
        }
    }

    /// The jar is read from disk again.
    pub fn reload(&mut self) {
        self.set_jar(self.disk);
    }

    /// The jar is written to disk.
    pub fn flush(&mut self) {
        self.disk = self.jar;
        self.behind = 0;
    }

    /// Time passes; the disk never falls behind by more than the shape says.
    pub fn tick(&mut self, shape: &Shape) {
        if self.jar == self.disk {
            self.behind = 0;
        } else if self.behind >= shape.jar_delay {
            self.flush();
        } else {
            self.behind += 1;
        }
    }
}
