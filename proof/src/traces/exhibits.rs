//! The ways to every broken law that the model knows: the counterexample of each planted bug, and what is found just
//! outside each limit.

use crate::model::action::Action;
use crate::model::config::Config;
use crate::model::limits::{LIMITS, Limit};
use crate::model::planted::{PLANTED, Planted};
use crate::model::search::{Search, Step};
use crate::model::world::World;

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
    pub buggy: Option<Seen>,
}

/// Finds them all.
pub fn all() -> Vec<Exhibit> {
    PLANTED.iter().map(planted).chain(LIMITS.iter().map(limit)).collect()
}

fn planted(planted: &Planted) -> Exhibit {
    let config = Config { bug: Some(planted.bug), ..planted.config };
    let trace = Search::of(config).run().trace;
    Exhibit {
        name: format!("{:?}", planted.bug),
        sound: Seen::follow(planted.config, &trace),
        buggy: Some(Seen::follow(config, &trace)),
    }
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
