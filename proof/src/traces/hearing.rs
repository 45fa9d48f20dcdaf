//! Calls with an access token, and the confirmations that follow from them. Part of `replay`.

use anyhow::Context as _;
use lanyard_auth::access::{AccessError, Claims};
use lanyard_auth::hint::Hint;
use lanyard_auth::store::SessionId;
use lanyard_testbed::Harness;

use super::differs::{differs, same};
use super::gate::{Call as Waits, Pass, Waiting};
use super::replay::Replay;
use crate::model::world::{Access, Call, Client, World};

/// A confirmation that is to be written.
pub struct Asking {
    /// The server whose queue it is in.
    pub server: u8,
    sid: SessionId,
    generation: u8,
    /// The server's own, at its gate. None where the server does without it, for a reason of its own.
    waiting: Option<Waiting>,
}

/// A confirmation that a server was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The server.
    pub server: u8,
    session: u8,
    generation: u8,
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
        let heard = node.service.authenticate(text.reveal(), named.as_ref());
        let waiting = node.flush().await?;
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
            Some(Waiting { call: Waits::Confirm(at, generation), .. }) => {
                same("the confirmation", (sid, u32::from(access.generation)), (*at, *generation))?;
            }
            Some(other) => return differs("what a call leads to", "a confirmation", &other.call),
            None => self.excuse(access, server, ahead, &heard)?,
        }
        self.asked.push(Asked { server, session: access.session, generation: access.generation });
        self.asking = Some(Asking { server, sid, generation: access.generation, waiting });
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
        let again = |asked: &&Asked| {
            asked.server == server && asked.session == access.session && asked.generation >= access.generation
        };
        let reason = match heard {
            Err(AccessError::Revoked(_)) => "not asked: the session was ended",
            Err(AccessError::Expired) if access.left.is_some_and(|left| left <= ahead) => {
                "not asked: the access token expired on its way"
            }
            Ok(_) if self.asked.iter().any(|asked| again(&asked)) => "not asked: it was, a short while ago",
            Ok(_) if self.jumped() => "not asked: the server's clock is behind",
            heard => return differs("what a call leads to", "a confirmation", heard),
        };
        self.tally.saw(reason);
        Ok(())
    }

    /// The confirmation is written, or refused by the database. Where the server does without it, the model's is
    /// written in its place: the database's own conditions are asked all the same.
    pub(super) async fn confirm(&mut self) -> anyhow::Result<()> {
        let Asking { server, sid, generation, waiting } = self.asking.take().context("a confirmation")?;
        let Some(waiting) = waiting else {
            let settle = self.durations.limits.settle;
            self.site.store().confirm(sid, generation.into(), settle).await?;
            return Ok(());
        };
        waiting.go(Pass::Through);
        match self.node(server)?.flush().await? {
            None => Ok(()),
            Some(waiting) => differs("after a confirmation", "nothing", waiting.call),
        }
    }
}
