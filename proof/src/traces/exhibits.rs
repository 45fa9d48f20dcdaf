//! The counterexample of every planted bug: what happened, as the model with the bug saw it, and as the sound one does.

use crate::model::action::Action;
use crate::model::config::Config;
use crate::model::planted::{PLANTED, Planted};
use crate::model::search::{Search, Step};
use crate::model::world::World;

/// A counterexample.
#[derive(Clone, Debug)]
pub struct Exhibit {
    /// The bug, and where it shows.
    pub planted: Planted,
    /// The way to the broken law.
    pub buggy: Vec<Step>,
    /// The same without the bug: what of it is still possible.
    pub sound: Vec<Step>,
}

impl Exhibit {
    /// The model that has the bug.
    pub fn buggy_config(&self) -> Config {
        Config { bug: Some(self.planted.bug), ..self.planted.config }
    }
}

/// Finds them all.
pub fn all() -> Vec<Exhibit> {
    PLANTED.iter().map(find).collect()
}

fn find(planted: &Planted) -> Exhibit {
    let mut exhibit = Exhibit { planted: *planted, buggy: Vec::new(), sound: Vec::new() };
    let trace = Search::of(exhibit.buggy_config()).run().trace;
    exhibit.buggy = follow(&exhibit.buggy_config(), &trace);
    exhibit.sound = follow(&planted.config, &trace);
    exhibit
}

/// Does what is possible of these actions, one after the other, and leaves out the rest.
pub fn follow(config: &Config, trace: &[Action]) -> Vec<Step> {
    let mut world = World::new(config);
    let mut steps = Vec::new();
    let mut possible = Vec::new();
    for &action in trace {
        possible.clear();
        world.actions(config, &mut possible);
        if !possible.contains(&action) {
            continue;
        }
        if let Some((after, outcome)) = world.after(config, action) {
            world = after.clone();
            steps.push(Step { action, outcome, after });
        }
    }
    steps
}
