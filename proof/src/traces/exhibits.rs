//! The ways to every broken law that the model knows: the counterexample of each planted bug, and what is found just
//! outside each limit.

use crate::model::action::Action;
use crate::model::config::Config;
use crate::model::limits::{LIMITS, Limit};
use crate::model::planted::{PLANTED, Planted};
use crate::model::search::Step;
use crate::model::world::{Row, World};

/// A trace, as a model saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The model.
    pub config: Config,
    /// What happened, what its servers did, and what came of it.
    pub steps: Vec<Step>,
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
    let config = Config { bug: Some(planted.bug), ..planted.config };
    let trace = planted.search(true).trace;
    let seen = Seen::follow(config, &trace);
    let departs = departs(&planted.config, &seen.steps);
    Exhibit {
        name: format!("{:?}", planted.bug),
        sound: Seen::follow(planted.config, &trace),
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
    Exhibit { name: limit.name.to_owned(), sound: Seen::follow(limit.config, &trace), buggy: None }
}

impl Seen {
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
        Self { config, steps }
    }
}
