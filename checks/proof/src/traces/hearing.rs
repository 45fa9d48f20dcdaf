//! Calls with an access token, and the confirmations that follow from them. Part of `replay`.

use anyhow::Context as _;
use lanyard_auth::access::{AccessError, Claims};
use lanyard_auth::hint::Hint;
use lanyard_auth::time::Timestamp;
use lanyard_testbed::Harness;

use super::agree::ticks;
use super::differs::{differs, same};
use super::gate::{Call as Waits, Pass, Waiting};
use super::replay::Replay;
use crate::model::world::{Access, Call, Client, World};

/// A confirmation that is to be written.
pub struct Asking {
    /// The server whose queue it is in.
    pub server: u8,
    session: u8,
    generation: u8,
    /// The server's own, at its gate. None where the server does without it, for a reason of its own.
    waiting: Option<Waiting>,
}

/// What a server remembers of the last confirmation that it asked for, of one session.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    generation: u8,
    /// When, in ticks.
    at: u16,
    /// Whether it was told that it is written.
    written: bool,
}

impl<D: Harness> Replay<'_, D> {
    /// Where requests take no time and all servers are alike, a call arrives as it is made.
    pub(super) async fn hear_at_once(&mut self, before: &World, client: Client) -> anyhow::Result<()> {
        let access = match client {
            Client::Tab(tab) => before.browser.tabs.get(usize::from(tab)).copied().flatten(),
            Client::Native => before.app.as_ref().and_then(|app| app.access),
            Client::Thief => before.thief.access,
        };
        let access = access.context("an access token")?;
        // The thief shows any hint he likes.
        let thiefs = Some((access.session, access.generation));
        let hint = if client == Client::Thief { thiefs } else { before.hint() };
        self.hear(Call { access, hint, age: 0 }, 0).await
    }

    /// A call reaches a server, which asks for a confirmation where the model does.
    pub(super) async fn hear(&mut self, call: Call, server: u8) -> anyhow::Result<()> {
        let Call { access, hint, .. } = call;
        let text = self.known.badge(access)?.clone();
        let named = hint
            .map(|(session, generation)| anyhow::Ok(Hint::new(self.known.sid(session)?, generation.into())));
        let named = named.transpose()?;
        if let Some(Asking { waiting: Some(waiting), .. }) = self.asking.take() {
            // The model's queue holds one: what waited is forgotten, as by a database that was away.
            waiting.go(Pass::CutBefore);
        }
        let node = self.node(server)?;
        let heard = node.service.authenticate(text.reveal(), named.as_ref()).await;
        let waiting = node.flush().await?;
        self.judge_call(server, access, &heard)?;
        let sid = self.known.sid(access.session)?;
        let shows = !access.jar || hint == Some((access.session, access.generation));
        let ahead = if server == 1 { self.config.skew } else { 0 };
        if !self.config.confirms(access.confirms_in, ahead, shows) {
            return match waiting {
                None => Ok(()),
                Some(waiting) => differs("what a call leads to", "nothing", waiting.call),
            };
        }
        match &waiting {
            Some(Waiting { call: Waits::Confirm(of, generation), .. }) => {
                same("the confirmation", (sid, u32::from(access.generation)), (*of, *generation))?;
                let asked = Asked { generation: access.generation, at: self.known.ticks, written: false };
                self.asked.insert((server, access.session), asked);
            }
            Some(other) => return differs("what a call leads to", "a confirmation", &other.call),
            None => self.excuse(access, server, ahead, &heard)?,
        }
        let Access { session, generation, .. } = access;
        self.asking = Some(Asking { server, session, generation, waiting });
        if self.config.queue { Ok(()) } else { self.confirm().await }
    }

    /// Why a server does not ask where the model does: it knows more than the model's servers remember.
    fn excuse(
        &mut self,
        access: Access,
        server: u8,
        ahead: u8,
        heard: &Result<Claims, AccessError>,
    ) -> anyhow::Result<()> {
        let patience = self.durations.limits.settle / 4;
        let now = self.node(server)?.service.now();
        let asked = self.asked.get(&(server, access.session)).filter(|asked| {
            let waited = ticks(1) * u32::from(self.known.ticks - asked.at);
            asked.generation > access.generation
                || asked.generation == access.generation && (asked.written || waited < patience)
        });
        let reason = match heard {
            Err(AccessError::Revoked(_)) => "not asked: the session was ended",
            Err(AccessError::Expired) if access.left.is_some_and(|left| left <= ahead) => {
                "not asked: the access token expired on its way"
            }
            Ok(_) if asked.is_some() => "not asked: it was, a short while ago",
            Ok(_) if self.jumped() => "not asked: the server's clock is behind",
            // The model's servers take the time in it for their own, and ask too soon.
            Ok(claims) if self.config.skew > 0 && claims.cfm.is_some_and(|from| Timestamp(from) > now) => {
                "not asked: it is too soon by the clock that the token was signed by"
            }
            heard => return differs("what a call leads to", "a confirmation", heard),
        };
        self.tally.saw(reason);
        Ok(())
    }

    /// The confirmation is written, or refused by the database. Where the server does without it, the model's is
    /// written in its place: the database's own conditions are asked all the same.
    pub(super) async fn confirm(&mut self) -> anyhow::Result<()> {
        let Asking { server, session, generation, waiting } = self.asking.take().context("a confirmation")?;
        let sid = self.known.sid(session)?;
        let Some(waiting) = waiting else {
            let settle = self.durations.limits.settle;
            self.site.store().confirm(sid, generation.into(), settle).await?;
            return Ok(());
        };
        waiting.go(Pass::Through);
        if let Some(waiting) = self.node(server)?.flush().await? {
            return differs("after a confirmation", "nothing", waiting.call);
        }
        let before = self.rows.get(usize::from(session)).is_some_and(|row| row.confirmed);
        let after = self.site.store().session(sid).await?.is_some_and(|seen| seen.row.confirmed);
        if let Some(asked) = self.asked.get_mut(&(server, session)) {
            asked.written = !before && after;
        }
        Ok(())
    }
}
