//! What has been replayed, counted.

use std::collections::BTreeMap;

use crate::model::action::Action;

/// The figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Walks and counterexamples.
    pub traces: u64,
    /// Their steps.
    pub steps: u64,
    /// Steps by what happened.
    actions: BTreeMap<String, u64>,
    /// Renewals by what was decided, and other things worth counting.
    verdicts: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// A step was replayed.
    pub fn step(&mut self, action: Action) {
        self.steps += 1;
        let text = format!("{action:?}");
        let name = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        *self.actions.entry(name.to_owned()).or_default() += 1;
    }

    /// Something was seen to be so.
    pub fn saw(&mut self, what: &'static str) {
        *self.verdicts.entry(what).or_default() += 1;
    }

    /// Which of these was never seen.
    pub fn lacks(&self, expected: &[&'static str]) -> Vec<&'static str> {
        expected.iter().copied().filter(|what| !self.verdicts.contains_key(what)).collect()
    }

    /// How often each action occurred.
    pub fn by_action(&self) -> String {
        list(&self.actions)
    }

    /// How often each thing was seen.
    pub fn by_verdict(&self) -> String {
        list(&self.verdicts)
    }
}

fn list<K: std::fmt::Display>(counts: &BTreeMap<K, u64>) -> String {
    let each: Vec<_> = counts.iter().map(|(what, count)| format!("{what}: {count}")).collect();
    each.join(", ")
}
