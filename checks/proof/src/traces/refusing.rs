//! Calls of ended sessions: a server that has ended a session, or was told of its end by a row or at its start, must
//! refuse them; no other session's may be refused. Part of `replay`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use lanyard_auth::access::{AccessError, Claims};
use lanyard_auth::store::SessionId;
use lanyard_auth::time::Timestamp;
use lanyard_testbed::Harness;

use super::differs::differs;
use super::node::Durations;
use super::replay::Replay;
use crate::model::world::Access;

/// Which sessions were ended, and who knows.
#[derive(Default)]
pub struct Ends {
    /// Ever, though a failover may have lost it.
    ever: HashSet<SessionId>,
    /// Until when a server has to remember, by the servers' time.
    known: HashMap<(u8, SessionId), Timestamp>,
}

impl Ends {
    /// A row says so.
    pub fn happened(&mut self, sid: SessionId) {
        self.ever.insert(sid);
    }

    /// Whether it ever was so.
    pub fn has(&self, sid: SessionId) -> bool {
        self.ever.contains(&sid)
    }

    fn must_refuse(&self, server: u8, sid: SessionId, now: Timestamp) -> bool {
        self.known.get(&(server, sid)).is_some_and(|until| now < *until)
    }
}

impl Durations {
    /// For how long a server has to remember an end: until the last access token is over that may have been signed
    /// while it happened.
    fn remembered(&self) -> Duration {
        self.access + 2 * self.limits.client_timeout() + self.limits.settle
    }
}

impl<D: Harness> Replay<'_, D> {
    /// A server ends a session, or sees that it was ended.
    pub(super) fn learns_end(&mut self, server: u8, sid: SessionId) {
        let until = self.time.after(self.durations.remembered());
        self.ends.known.insert((server, sid), until);
    }

    /// A server that starts reads who was ended.
    pub(super) fn learns_ends(&mut self, server: u8) {
        self.ends.known.retain(|(of, _), _| *of != server);
        let keep = self.durations.remembered();
        let ended = self.rows.iter().filter_map(|row| Some((row.sid, row.ended?.at.after(keep))));
        self.ends.known.extend(ended.map(|(sid, until)| ((server, sid), until)));
    }

    /// A server was shown an access token.
    pub(super) fn judge_call(
        &mut self,
        server: u8,
        access: Access,
        heard: &Result<Claims, AccessError>,
    ) -> anyhow::Result<()> {
        let sid = self.known.sid(access.session)?;
        let now = self.node(server)?.service.now();
        match heard {
            Ok(_) if self.ends.must_refuse(server, sid, now) => {
                differs("a call of an ended session", "it is refused", heard)
            }
            Err(AccessError::Revoked(_)) if self.ends.has(sid) => {
                self.tally.saw("a call refused");
                Ok(())
            }
            // The model looks at its expiry; or it is one of rule 4, which is short anyway.
            Err(AccessError::Expired) if access.left.is_some() || access.confirms_in.is_none() => Ok(()),
            Ok(_) => Ok(()),
            Err(_) => differs("a call", "it is heard", heard),
        }
    }

    /// Shows a server every access token that was ever handed out for these sessions. Nobody may be let through
    /// the gate by it: so either they were ended, or nothing comes after.
    pub(super) async fn show_badges(&mut self, server: u8, of: &[SessionId]) -> anyhow::Result<()> {
        let service = Arc::clone(&self.node(server)?.service);
        let mut heard = Vec::new();
        for (access, text) in self.known.badges() {
            if of.contains(&self.known.sid(access.session)?) {
                heard.push((access, service.authenticate(text.reveal(), None).await));
            }
        }
        heard.into_iter().try_for_each(|(access, heard)| self.judge_call(server, access, &heard))
    }
}
