//! One tick: what ages, what comes too late, and when time has to wait.

use super::bug::Bug;
use super::config::{Config, Ticks};
use super::world::{Access, Answer, Stage, World};

impl World {
    /// Beyond this age nothing differs.
    pub(super) fn oldest(config: &Config) -> Ticks {
        let coarse = if config.bug == Some(Bug::WholeSeconds) { 2 } else { 0 };
        config.lifetimes.map_or(0, |lifetimes| lifetimes.idle).max(config.shape.settle + coarse)
    }

    /// A server is never in the middle of a race for a whole tick, nor busy with one request for longer than two
    /// of the client's time-outs; and with a good network nothing takes any time at all.
    pub(super) fn may_tick(&self, config: &Config) -> bool {
        let flies = self.flights.iter().flatten();
        let still = self.flights.iter().all(Option::is_none) && self.call.is_none();
        let patience = 2 * config.shape.timeout;
        let waits = flies.into_iter().any(|flight| match flight.stage {
            Stage::Raced { .. } => true,
            Stage::Decided(_) | Stage::Begun { .. } => flight.age >= patience,
            Stage::Sent | Stage::Answered(_) => false,
        });
        !waits && (config.delays || still)
    }

    pub(super) fn tick(&mut self, config: &Config) {
        let shape = &config.shape;
        for row in &mut self.rows {
            row.age = (row.age + 1).min(Self::oldest(config));
            row.left = row.left.map(|left| left.saturating_sub(1));
        }
        // The other database node has caught up.
        self.unreplicated = None;
        self.late_half ^= config.bug == Some(Bug::WholeSeconds);
        let in_flight = self.flights.iter_mut().flatten().filter_map(|flight| match &mut flight.stage {
            Stage::Answered(Answer::Granted { access, .. }) => Some(access),
            _ => None,
        });
        let in_tabs = self.browser.tabs.iter_mut().flatten();
        let in_app = self.app.iter_mut().flat_map(|app| &mut app.access);
        let elsewhere = self.thief.access.iter_mut().chain(self.call.iter_mut().map(|call| &mut call.access));
        in_flight.chain(in_tabs).chain(in_app).chain(elsewhere).for_each(Access::tick);
        self.age_messages(config);
        if config.has_disk() {
            self.browser.tick(shape);
        }
        self.ghost.tick(shape);
    }

    /// Requests never arrive later than the shape says, and clients give up after T: an answer after that is
    /// dropped, cookies and all.
    fn age_messages(&mut self, config: &Config) {
        let shape = &config.shape;
        for place in &mut self.flights {
            if let Some(flight) = place {
                flight.age += 1;
                flight.orphan |= flight.age > shape.timeout;
                let too_late = match flight.stage {
                    Stage::Sent => flight.age > shape.reach,
                    Stage::Answered(_) => flight.orphan,
                    Stage::Decided(_) | Stage::Begun { .. } | Stage::Raced { .. } => false,
                };
                if too_late {
                    *place = None;
                }
            }
        }
        if let Some(call) = &mut self.call {
            call.age += 1;
        }
        self.call = self.call.filter(|call| call.age <= shape.reach);
    }
}

impl Access {
    fn tick(&mut self) {
        self.confirms_in = self.confirms_in.map(|wait| wait.saturating_sub(1));
        self.left = self.left.map(|left| left.saturating_sub(1));
    }
}
