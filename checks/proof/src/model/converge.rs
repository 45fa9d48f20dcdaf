//! Once the network behaves and the thief stops: does every honest client get an access token again?

use super::action::{Action, Commit};
use super::config::{Budget, Config, Native};
use super::world::{Client, Stage, World};

impl World {
    /// Whether every honest client that was not signed out gets a new access token at once, and again after S: a
    /// fair schedule in which every request is answered before the next is sent.
    pub fn converges(&self, config: &Config) -> bool {
        let calm = Config { spaced: false, away: false, lifetimes: None, ..*config };
        let mut world = self.clone();
        world.left = Budget { rotations: u8::MAX, ..Budget::NONE };
        world.finish_all(&calm);
        let now = world.all_renew(&calm);
        for _ in 0..calm.shape.settle {
            world.take(&calm, Action::Tick);
        }
        now && world.all_renew(&calm)
    }

    /// Everything that is under way comes to its end.
    fn finish_all(&mut self, config: &Config) {
        for flight in 0..config.flights {
            while self.go_on(config, flight) {}
        }
        if self.call.is_some() && self.order.is_none() {
            self.take(config, Action::Hear { server: 0 });
        }
        if self.order.is_some() {
            self.take(config, Action::Confirm);
        }
    }

    /// The next step of a request, if it is under way.
    fn go_on(&mut self, config: &Config, flight: u8) -> bool {
        let Some(held) = self.flights.get(usize::from(flight)).copied().flatten() else { return false };
        let action = match held.stage {
            Stage::Sent => Action::Read { flight, server: 0 },
            Stage::Raced { server, .. } => Action::Read { flight, server },
            Stage::Decided(_) | Stage::Begun { .. } => Action::Write { flight, commit: Commit::Known },
            Stage::Answered(_) => Action::Deliver { flight },
        };
        self.take(config, action)
    }

    fn all_renew(&mut self, config: &Config) -> bool {
        let tabs = (0..config.tabs).map(Client::Tab);
        let app = (config.native != Native::Absent).then_some(Client::Native);
        tabs.chain(app).all(|client| self.renews(config, client))
    }

    fn renews(&mut self, config: &Config, client: Client) -> bool {
        self.forget_access(client);
        if !self.may_refresh(config, client) {
            // Nothing is left to renew with: he signed out, or was signed out, which other laws judge.
            return true;
        }
        let session = self.held_by(client).map(|token| token.session);
        self.take(config, Action::Refresh(client));
        self.finish_all(config);
        let row = session.and_then(|session| self.row(session));
        let over = row.is_none_or(|row| {
            row.ended.is_some() || row.left == Some(0) || self.version_of(row) != row.user_version
        });
        self.access_of(client).is_some() || over || session.is_some_and(|session| self.ghost.lost(session))
    }

    fn take(&mut self, config: &Config, action: Action) -> bool {
        let taken = self.after(config, action);
        let possible = taken.is_some();
        if let Some((after, _)) = taken {
            *self = after;
        }
        possible
    }
}
