//! The ways to every broken law that the model knows: the counterexample of each planted bug, and what is found just
//! outside each limit.

use anyhow::bail;
use lanyard_auth::service::Delivery;
use lanyard_auth::store::EndReason;

use crate::model::action::{Action, Outcome};
use crate::model::config::{Config, Native};
use crate::model::law::Law;
use crate::model::limits::{LIMITS, Limit};
use crate::model::planted::{PLANTED, Planted};
use crate::model::search::Step;
use crate::model::world::{Answer, Client, Row, World};

/// More rotations than any trace has: a model's bound must not answer in the server's place.
pub const ROTATIONS: u8 = 30;

/// A trace, as a model saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The model.
    pub config: Config,
    /// What happened, what its servers did, and what came of it.
    pub steps: Vec<Step>,
    /// What the model leaves open: how the thief shows a refresh token. He can do it either way, whosever it is.
    pub thief: Delivery,
}

/// A way to a broken law.
#[derive(Clone, Debug)]
pub struct Exhibit {
    /// What it is about.
    pub name: String,
    /// What of it is possible in a model without a bug.
    pub sound: Seen,
    /// As the model with the bug saw it, if it takes a bug to get there.
    pub buggy: Option<Buggy>,
}

/// What a model with a bug saw.
#[derive(Clone, Debug)]
pub struct Buggy {
    /// All of it.
    pub seen: Seen,
    /// The step at which its servers first do something else than without the bug.
    pub departs: usize,
}

/// Finds them all.
pub fn all() -> Vec<Exhibit> {
    PLANTED.iter().map(planted).chain(LIMITS.iter().map(limit)).collect()
}

fn planted(planted: &Planted) -> Exhibit {
    let sound = planted.config.with_rotations(ROTATIONS);
    let mut trace = planted.search(true).trace;
    if planted.law == Law::Converges {
        // What never comes is seen only by whoever asks for it.
        trace.extend(std::iter::repeat_n(Action::Tick, sound.shape.settle.into()));
        trace.extend([Action::Refresh(Client::Tab(0)), Action::Read { flight: 0, server: 0 }]);
    }
    let seen = Seen::follow(Config { bug: Some(planted.bug), ..sound }, &trace);
    let departs = departs(&sound, &seen.steps);
    Exhibit {
        name: format!("{:?}", planted.bug),
        sound: Seen::follow(sound, &trace),
        buggy: Some(Buggy { seen, departs }),
    }
}

/// How many of these steps come to the same in a model without the bug: the same answers, and the same rows but for
/// what only a bug's model keeps of their age.
fn departs(sound: &Config, steps: &[Step]) -> usize {
    let plain = |row: &Row| Row { late_half: false, age: row.age.min(sound.shape.settle), ..row.clone() };
    let mut world = World::new(sound);
    let mut same = |step: &Step| {
        let Some((after, outcome)) = world.after(sound, step.action) else { return false };
        world = after;
        outcome == step.outcome && world.rows.iter().map(plain).eq(step.after.rows.iter().map(plain))
    };
    steps.iter().take_while(|step| same(step)).count()
}

fn limit(limit: &Limit) -> Exhibit {
    let trace = limit.search(limit.config).trace;
    Exhibit {
        name: limit.name.to_owned(),
        sound: Seen::follow(limit.config.with_rotations(ROTATIONS), &trace),
        buggy: None,
    }
}

impl Seen {
    /// The stated limit of the rule at which it has ended, if it did at one.
    ///
    /// # Errors
    /// A law was broken within the limits.
    pub fn limit(&self) -> anyhow::Result<Option<&'static str>> {
        let Some(last) = self.steps.last() else { return Ok(None) };
        let broken: Vec<_> = last.after.broken.iter().collect();
        let was = |action: Action| self.steps.iter().any(|step| step.action == action);
        let limit = match *broken {
            [] => return Ok(None),
            [Law::NoFalseAlarm]
                if last.outcome == Outcome::Answered(Answer::Ended(EndReason::Unconfirmed)) =>
            {
                "four answers in a row were lost"
            }
            [Law::NoFalseAlarm | Law::JarRises] if was(Action::JumpClock) => {
                "the database's clock had jumped"
            }
            [Law::NoFalseAlarm] if self.config.native == Native::Careless && was(Action::CrashApp) => {
                "a client used what it had not stored"
            }
            _ => bail!("{broken:?}, within the limits, at step {}, {:?}", self.steps.len() - 1, last.action),
        };
        Ok(Some(limit))
    }

    /// Does what is possible of these actions, one after the other, and leaves out the rest.
    pub fn follow(config: Config, trace: &[Action]) -> Self {
        let mut world = World::new(&config);
        let mut steps = Vec::new();
        let mut possible = Vec::new();
        for &action in trace {
            possible.clear();
            world.actions(&config, &mut possible);
            let taken = possible.contains(&action).then(|| world.after(&config, action)).flatten();
            if let Some((after, outcome)) = taken {
                world = after.clone();
                steps.push(Step { action, outcome, after });
            }
        }
        Self { config, steps, thief: Delivery::Cookie }
    }
}
