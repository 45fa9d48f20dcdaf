//! What was answered, and whether the rows bear it out. Clients write into it, `campaign` checks.

use std::collections::{BTreeMap, HashMap};

use anyhow::{bail, ensure};
use lanyard_auth::refresh::{RefreshToken, SecretHash};
use lanyard_auth::rotation::{MAX_RECOVERIES, Relation, Row, relate};
use lanyard_auth::store::{EndReason, Session, SessionId};

/// Every session that a client was given.
#[derive(Default)]
pub struct Ledger {
    sessions: HashMap<SessionId, Entry>,
    /// Tokens that were handed out after their first answer had been lost: the same again.
    pub repeated: u64,
    /// Tokens in whose stead another one was handed out: recovered from the one before.
    pub recovered: u64,
}

struct Entry {
    /// What its client was handed, oldest first. The last one is what it holds.
    tokens: Vec<RefreshToken>,
    /// The hash of each generation, wherever it was seen: in a client's hands or in the row.
    hashes: BTreeMap<u32, SecretHash>,
    fate: Fate,
    /// Ended, and found so in its row.
    settled: bool,
}

/// What a client knows of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    Live,
    /// Somebody asked for its end and got no answer: it may go on or not.
    Asked(EndReason),
    /// Its end was answered.
    Ended(EndReason),
}

impl Ledger {
    /// A client was handed a token.
    pub fn handed(&mut self, token: RefreshToken) -> anyhow::Result<()> {
        let entry = self.sessions.entry(token.sid).or_insert_with(|| Entry {
            tokens: Vec::new(),
            hashes: BTreeMap::new(),
            fate: Fate::Live,
            settled: false,
        });
        let known = entry.saw(token.generation, token.hash())?;
        let held = entry.tokens.last().map(|held| held.generation);
        match held {
            Some(held) if held > token.generation => {
                bail!("generation {} was handed out after {held}", token.generation)
            }
            Some(held) if held == token.generation => return Ok(()),
            Some(held) => {
                self.repeated += u64::from(known);
                self.recovered += u64::from(token.generation > held + 1);
            }
            None => {}
        }
        entry.tokens.push(token);
        Ok(())
    }

    /// A client learnt something of its session.
    pub fn fate(&mut self, sid: SessionId, fate: Fate) {
        if let Some(entry) = self.sessions.get_mut(&sid) {
            entry.fate = fate;
        }
    }

    /// What a thief might have: the tokens of a session but for the newest two.
    pub fn old_tokens(&self, sid: SessionId) -> &[RefreshToken] {
        let tokens = self.sessions.get(&sid).map_or(&[][..], |entry| &entry.tokens);
        tokens.get(..tokens.len().saturating_sub(2)).unwrap_or_default()
    }

    /// Sessions, and tokens that were handed out.
    pub fn size(&self) -> (usize, usize) {
        (self.sessions.len(), self.sessions.values().map(|entry| entry.tokens.len()).sum())
    }

    /// The sessions to look at: all, or those whose end has not been found in their row yet.
    pub fn sessions(&self, all: bool) -> Vec<SessionId> {
        let open = self.sessions.iter().filter(|(_, entry)| all || !entry.settled);
        open.map(|(sid, _)| *sid).collect()
    }

    /// Compares a row with everything that was ever answered. Nobody may be under way.
    pub fn check(&mut self, sid: SessionId, row: Option<&Session>) -> anyhow::Result<()> {
        let Some(entry) = self.sessions.get_mut(&sid) else { return Ok(()) };
        let Some(row) = row else { bail!("the session is lost") };
        entry.check_fate(row)?;
        entry.saw(row.generation, row.current)?;
        entry.check_tokens(row)
    }
}

impl Entry {
    /// One parent has one successor: a generation never has two secrets. Whether it was known before.
    fn saw(&mut self, generation: u32, hash: SecretHash) -> anyhow::Result<bool> {
        let before = self.hashes.insert(generation, hash);
        ensure!(
            before.is_none_or(|before| before == hash),
            "the session has forked: generation {generation} has two secrets"
        );
        Ok(before.is_some())
    }

    fn check_fate(&mut self, row: &Session) -> anyhow::Result<()> {
        let ended = row.ended.map(|ended| ended.reason);
        match (self.fate, ended) {
            (Fate::Live, None) => {}
            (Fate::Asked(_), None) => {}
            // The rule's own limit: four answers lost in a row.
            (Fate::Ended(EndReason::Unconfirmed), Some(EndReason::Unconfirmed)) => {
                let held = self.tokens.last().map_or(0, |token| token.generation);
                ensure!(
                    row.generation > held + u32::from(MAX_RECOVERIES),
                    "ended as unconfirmed at generation {} though its client held {held}",
                    row.generation
                );
                self.settled = true;
            }
            (Fate::Asked(asked) | Fate::Ended(asked), Some(ended)) if asked == ended => {
                self.settled = self.fate == Fate::Ended(asked);
            }
            (fate, ended) => bail!("its client knows {fate:?}, its row says {ended:?}"),
        }
        Ok(())
    }

    /// The token that the client holds is good, and every one before it is known as old.
    fn check_tokens(&self, row: &Session) -> anyhow::Result<()> {
        let Some((held, older)) = self.tokens.split_last() else { return Ok(()) };
        let seen = Row { generation: row.generation, current: &row.current, previous: row.previous.as_ref() };
        let relation = |token: &RefreshToken| relate(seen, token.generation, &token.hash());
        match relation(held) {
            Relation::Current | Relation::Previous => {}
            Relation::Ahead => bail!(
                "generation {} was answered before it was committed: the row is at {}",
                held.generation,
                row.generation
            ),
            Relation::Older => {
                bail!("its client holds {}, the row is at {}", held.generation, row.generation)
            }
        }
        for token in older {
            let newest_of_them = older.last().is_some_and(|last| last.generation == token.generation);
            let good = match relation(token) {
                Relation::Older => true,
                // A recovery goes forward from the one before, past those that it displaces.
                Relation::Previous => {
                    relation(held) == Relation::Current && (newest_of_them || row.recoveries > 0)
                }
                Relation::Current | Relation::Ahead => false,
            };
            ensure!(
                good,
                "generation {} is not known as old: the row is at {}",
                token.generation,
                row.generation
            );
        }
        Ok(())
    }
}
