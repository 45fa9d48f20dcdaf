//! Renewals, or sign-ins, against what ends sessions: whoever is first, nobody survives.
//!
//! Each race is steered towards a draw: whichever side was first begins a little later next time, so that the
//! two really meet, and both orders happen.

use std::fmt;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use lanyard_auth::service::Issued;
use lanyard_auth::store::User;

use super::endings::{Ending, Targets};
use super::line::Lead;
use super::nodes::{Nodes, renew, token};
use super::rivals::{Rival, Rivals, Victim};
use crate::database::Database;

/// How the races of two rivals with an end went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Both rivals came before the end.
    pub rivals_first: usize,
    /// The end came between them.
    pub between: usize,
    /// The end came before both.
    pub end_first: usize,
    /// The end was never under way at the same time as one of them: no race.
    pub missed: usize,
    /// Access tokens that the other node accepted until it saw the row.
    pub accepted_elsewhere: usize,
}

impl Tally {
    /// Those in which both sides were under way at once.
    pub fn races(&self) -> usize {
        self.rivals_first + self.between + self.end_first
    }

    /// In more than one of twenty a rival came before the end, and the end before a rival: a race that always ends
    /// the same way is none.
    fn both_ways(&self) -> bool {
        let rare = self.races() / 20;
        self.rivals_first + self.between > rare && self.end_first + self.between > rare
    }

    fn add(&mut self, overlapped: bool, got: usize) {
        let which = match got {
            _ if !overlapped => &mut self.missed,
            0 => &mut self.end_first,
            1 => &mut self.between,
            _ => &mut self.rivals_first,
        };
        *which += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rivals_first, between, end_first, missed, accepted_elsewhere } = self;
        write!(
            f,
            "{} races of two with an end, which came after both in {rivals_first}, between them in {between}, before \
             both in {end_first} (and {missed} times they missed each other); on the node that ended the session no \
             access token was good any more, on the other one {accepted_elsewhere} were, for as long as it looks \
             at no row",
            self.races()
        )
    }
}

/// One person's sessions, or his sign-ins, and the session that stays or asks.
struct Scene {
    user: User,
    kept: Issued,
    rivals: Vec<Rival>,
}

/// Races until so many have really met, and each side has been first often enough. Fails as soon as one rival
/// survives.
///
/// The nodes are for this alone: it puts the witness into their database.
///
/// # Errors
/// What did not hold, and what kept it from being tried.
pub async fn race<D: Database>(
    nodes: &Nodes<D>,
    rivals: Rivals,
    ending: Ending,
    races: usize,
) -> Result<Tally> {
    nodes.db.execute(D::WITNESS.to_owned()).await?;
    let mut tally = Tally::default();
    // Of settled sessions a renewal rotates; of others it only reads, and signs later.
    let mut kinds = [(true, Lead::default()), (false, Lead::default())];
    let enough = |tally: &Tally| tally.races() >= races && tally.both_ways();
    while !enough(&tally) && tally.races() + tally.missed < 500 + 10 * races {
        let scenes = 1 + races.saturating_sub(tally.races()).min(50) / ending.races();
        let [(settled, lead), _] = &mut kinds;
        for scene in set(nodes, rivals, ending, scenes, *settled).await? {
            *lead = play(nodes, ending, &scene, *lead, &mut tally).await?;
        }
        kinds.reverse();
    }
    let late = nodes.db.number("SELECT count(*) FROM minted_after_an_end".to_owned()).await?;
    ensure!(late == Some(0), "{late:?} rotations were written after the end");
    ensure!(enough(&tally), "no races: {tally:?}");
    Ok(tally)
}

/// Signs everybody in, and lets their sessions settle or not.
async fn set<D: Database>(
    nodes: &Nodes<D>,
    rivals: Rivals,
    ending: Ending,
    scenes: usize,
    settled: bool,
) -> Result<Vec<Scene>> {
    let mut set = Vec::new();
    for _ in 0..scenes {
        let user = nodes.user().await?;
        let kept = nodes.sign_in(&user).await?;
        let mut scene = Scene { user, kept, rivals: Vec::new() };
        for _ in 0..ending.races() {
            scene.rivals.push(match rivals {
                Rivals::Renewals => {
                    let session = nodes.sign_in(&scene.user).await?;
                    Rival::Renewal(Box::new(Victim::new(session)?))
                }
                Rivals::SignIns => Rival::SignIn(scene.user.clone()),
            });
        }
        set.push(scene);
    }
    if ending == Ending::Theft {
        // What was replaced twice is theft at any time.
        for _ in 0..2 {
            nodes.settle().await;
            let [here, _] = &nodes.services;
            for rival in set.iter_mut().flat_map(|scene| &mut scene.rivals) {
                if let Rival::Renewal(victim) = rival {
                    victim.rotate(here).await?;
                }
            }
        }
    }
    if settled {
        nodes.settle().await;
    }
    Ok(set)
}

/// One end, at the first node, against two of each rival, one a node. Returns the lead for the next one.
async fn play<D: Database>(
    nodes: &Nodes<D>,
    ending: Ending,
    scene: &Scene,
    lead: Lead,
    tally: &mut Tally,
) -> Result<Lead> {
    let reason = ending.reason();
    nodes.line.set(lead);
    let mut pairs = Vec::new();
    for rival in &scene.rivals {
        pairs.push(nodes.services.each_ref().map(|service| {
            tokio::spawn(nodes.line.rival(rival.clone().attempt(Arc::clone(service), reason)))
        }));
    }
    let [here, _] = &nodes.services;
    let done = ending.end(Arc::clone(here), targets(scene)).await;
    let ended = nodes.line.clear();
    done?;
    let ended = ended.context("the end never came to the database")?;

    let mut answered = 0;
    for (rival, pair) in scene.rivals.iter().zip(pairs) {
        let (mut got, mut overlapped) = (Vec::new(), false);
        for attempt in pair {
            let (span, answer) = attempt.await?;
            overlapped |= span.overlaps(ended);
            got.extend(answer?);
        }
        tally.add(overlapped, got.len());
        answered += got.len();
        tally.accepted_elsewhere += rival.is_over(nodes, reason, got).await?;
    }
    if ending.keeps_one() {
        goes_on(nodes, &scene.kept).await?;
    }
    Ok(lead.steered(answered > scene.rivals.len()))
}

fn targets(scene: &Scene) -> Targets {
    let victims = || {
        scene.rivals.iter().filter_map(|rival| match rival {
            Rival::Renewal(victim) => Some(victim.as_ref()),
            Rival::SignIn(_) => None,
        })
    };
    Targets {
        user: scene.user.id,
        keep: scene.kept.sid,
        sids: victims().map(|victim| victim.session.sid).collect(),
        stolen: victims().map(|victim| victim.stolen.clone()).collect(),
    }
}

/// The session that stays is as good as before.
async fn goes_on<D: Database>(nodes: &Nodes<D>, kept: &Issued) -> Result<()> {
    for service in &nodes.services {
        service.authenticate(kept.access_token.reveal(), None).await?;
        renew(service, &token(kept)?).await?;
    }
    Ok(())
}
