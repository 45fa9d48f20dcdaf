//! Renewals against what ends their session: whoever is first, nobody survives.
//!
//! Each race is steered towards a draw: whichever side was first begins a little later next time, so that the
//! two really meet, and both orders happen.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use lanyard_auth::Service;
use lanyard_auth::access::AccessError;
use lanyard_auth::password::Password;
use lanyard_auth::refresh::RefreshToken;
use lanyard_auth::service::{Issued, RefreshError};
use lanyard_auth::store::{EndReason, User};
use tokio::task::{JoinHandle, yield_now};

use super::nodes::{Nodes, PASSWORD, renew, token};
use crate::database::Database;
use crate::report::now;

/// What ends the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its owner signs out.
    SignOut,
    /// Its owner is signed out everywhere.
    KickOut,
    /// Its owner changes his password in another session, which stays.
    PasswordChange,
    /// A thief uses a token that was replaced.
    Theft,
}

impl Ending {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SignOut, Self::KickOut, Self::PasswordChange, Self::Theft];

    /// For the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignOut => "a sign-out",
            Self::KickOut => "signing out everywhere",
            Self::PasswordChange => "a password change",
            Self::Theft => "the finding of a theft",
        }
    }

    fn reason(self) -> EndReason {
        match self {
            Self::SignOut => EndReason::SignedOut,
            Self::KickOut => EndReason::KickedOut,
            Self::PasswordChange => EndReason::PasswordChanged,
            Self::Theft => EndReason::TokenReused,
        }
    }

    /// How many sessions one of them ends: a password takes long to hash, so its change has many.
    fn sessions(self) -> usize {
        match self {
            Self::SignOut | Self::Theft => 1,
            Self::KickOut => 2,
            Self::PasswordChange => 10,
        }
    }
}

/// How the races went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Sessions that were renewed while they were ended.
    pub races: usize,
    /// Those whose renewal and whose end were under way at the same time.
    pub overlapped: usize,
    /// Those of which a renewal was answered with an access token.
    pub renewed: usize,
    /// Those of which it was refused.
    pub refused: usize,
    /// Access tokens that the other node accepted until it saw the row.
    pub accepted_elsewhere: usize,
}

/// A session to be renewed and ended.
struct Victim {
    session: Issued,
    /// Its first refresh token, for a thief.
    stolen: RefreshToken,
    current: RefreshToken,
}

/// One person's sessions, and the one that ends them.
struct Scene {
    user: User,
    kept: Issued,
    victims: Vec<Victim>,
}

/// When two things that ran side by side began and ended.
#[derive(Clone, Copy)]
struct Span(Instant, Instant);

impl Span {
    fn overlaps(self, other: Self) -> bool {
        self.0 < other.1 && other.0 < self.1
    }
}

/// How one end met the renewals.
#[derive(Clone, Copy)]
struct Draw {
    /// How long the end took.
    took: Duration,
    /// Most sessions were renewed before it.
    renewals_first: bool,
    /// No renewal was under way while it was.
    missed: bool,
}

/// By how many microseconds the end begins before the renewals; negative: after them.
#[derive(Clone, Copy, Debug, Default)]
struct Lead(i64);

impl Lead {
    /// A first guess: the end is written when it is nearly done.
    fn of(end: Duration) -> Self {
        Self(end.as_micros().try_into().unwrap_or(0))
    }

    fn renewals(self) -> Duration {
        Duration::from_micros(self.0.try_into().unwrap_or(0))
    }

    fn ending(self) -> Duration {
        Duration::from_micros(self.0.saturating_neg().try_into().unwrap_or(0))
    }

    /// Whoever was first this time begins a little later; much later, if they missed each other.
    fn steered(self, draw: Draw) -> Self {
        let step = (self.0.abs() / if draw.missed { 3 } else { 16 }).max(20);
        Self(if draw.renewals_first { self.0 + step } else { self.0 - step })
    }
}

/// Races sessions' renewals with their end until so many have overlapped. Fails as soon as one survives.
///
/// The nodes are for this alone: it puts the witness into their database.
///
/// # Errors
/// What did not hold, and what kept it from being tried.
pub async fn race<D: Database>(nodes: &Nodes<D>, ending: Ending, races: usize) -> Result<Tally> {
    nodes.db.execute(D::WITNESS.to_owned()).await?;
    let (mut tally, mut lead, mut settled) = (Tally::default(), None, true);
    while tally.overlapped < races {
        ensure!(tally.races < 500 + 10 * races, "no race: they hardly ever overlap, {tally:?}");
        let scenes = 1 + (races - tally.overlapped).min(50) / ending.sessions();
        for scene in set(nodes, ending, scenes, settled).await? {
            let steered: Lead = lead.unwrap_or_default();
            let draw = play(nodes, ending, &scene, steered, &mut tally).await?;
            lead = Some(if lead.is_none() { Lead::of(draw.took) } else { steered.steered(draw) });
        }
        settled = !settled;
    }
    let late = nodes.db.number("SELECT count(*) FROM minted_after_an_end".to_owned()).await?;
    ensure!(late == Some(0), "{late:?} rotations were written after the end");
    Ok(tally)
}

/// Signs everybody in. Of settled sessions a renewal rotates; of others it only reads, and signs later.
async fn set<D: Database>(
    nodes: &Nodes<D>,
    ending: Ending,
    scenes: usize,
    settled: bool,
) -> Result<Vec<Scene>> {
    let mut set = Vec::new();
    for _ in 0..scenes {
        let user = nodes.user().await?;
        let kept = nodes.sign_in(&user).await?;
        let mut victims = Vec::new();
        for _ in 0..ending.sessions() {
            let session = nodes.sign_in(&user).await?;
            victims.push(Victim { stolen: token(&session)?, current: token(&session)?, session });
        }
        set.push(Scene { user, kept, victims });
    }
    if ending == Ending::Theft {
        // What was replaced twice is theft at any time.
        for _ in 0..2 {
            nodes.settle().await;
            let [here, _] = &nodes.services;
            for victim in set.iter_mut().flat_map(|scene| &mut scene.victims) {
                victim.session = renew(here, &victim.current).await?;
                victim.current = token(&victim.session)?;
            }
        }
    }
    if settled {
        nodes.settle().await;
    }
    Ok(set)
}

/// One end against two renewals, one a node, of each session.
async fn play<D: Database>(
    nodes: &Nodes<D>,
    ending: Ending,
    scene: &Scene,
    lead: Lead,
    tally: &mut Tally,
) -> Result<Draw> {
    let before = tally.overlapped;
    let mut renewals = Vec::new();
    for victim in &scene.victims {
        renewals.push(nodes.services.each_ref().map(|service| {
            let (service, current) = (Arc::clone(service), victim.current.clone());
            after(lead.renewals(), async move { renew(&service, &current).await })
        }));
    }
    let [here, _] = &nodes.services;
    let (ended, done) = after(lead.ending(), end(Arc::clone(here), ending, scene)).await?;
    done?;
    let mut renewed = 0;
    for (victim, renewals) in scene.victims.iter().zip(renewals) {
        let mut got = Vec::new();
        let mut overlapped = false;
        for renewal in renewals {
            let (span, answer) = renewal.await?;
            overlapped |= span.overlaps(ended);
            match answer {
                Ok(issued) => got.push(issued),
                Err(RefreshError::Revoked(reason)) if reason == ending.reason() => {}
                Err(error) => bail!("a renewal got: {error}"),
            }
        }
        tally.races += 1;
        tally.overlapped += usize::from(overlapped);
        tally.renewed += usize::from(!got.is_empty());
        tally.refused += usize::from(got.len() < 2);
        renewed += usize::from(!got.is_empty());
        tally.accepted_elsewhere += nobody_survives(nodes, ending, victim, &got).await?;
    }
    if ending == Ending::PasswordChange {
        goes_on(nodes, &scene.kept).await?;
    }
    Ok(Draw {
        took: ended.1.duration_since(ended.0),
        renewals_first: 2 * renewed > scene.victims.len(),
        missed: tally.overlapped == before,
    })
}

/// What ends the scene's sessions, at the first node.
fn end(
    here: Arc<Service>,
    ending: Ending,
    scene: &Scene,
) -> impl Future<Output = Result<()>> + Send + 'static {
    let (user, kept) = (scene.user.id, scene.kept.sid);
    let sids: Vec<_> = scene.victims.iter().map(|victim| victim.session.sid).collect();
    let stolen: Vec<_> = scene.victims.iter().map(|victim| victim.stolen.clone()).collect();
    async move {
        match ending {
            Ending::SignOut => here.sign_out(&sids).await?,
            Ending::KickOut => drop(here.end_all_sessions(user, EndReason::KickedOut).await?),
            Ending::PasswordChange => {
                let password = || Password::new(PASSWORD.to_owned());
                here.change_password(kept, password(), password()).await?;
            }
            Ending::Theft => {
                for token in stolen {
                    let told = renew(&here, &token).await;
                    ensure!(matches!(told, Err(RefreshError::Reused)), "the thief was not found");
                }
            }
        }
        Ok(())
    }
}

/// Begins so much later, and tells when it began and ended.
fn after<T: Send + 'static>(
    wait: Duration,
    work: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<(Span, T)> {
    // Shorter waits than a timer knows of.
    const SPIN: Duration = Duration::from_millis(2);
    let from = now();
    tokio::spawn(async move {
        if wait > SPIN {
            tokio::time::sleep(wait - SPIN).await;
        }
        while now().duration_since(from) < wait {
            yield_now().await;
        }
        let began = now();
        let done = work.await;
        (Span(began, now()), done)
    })
}

/// The session's row says that it was ended, each of its tokens is refused on both nodes, and so is each access
/// token: at once on the node that ended it, and elsewhere from when that node sees the row. Returns how many
/// access tokens were accepted there until then.
async fn nobody_survives<D: Database>(
    nodes: &Nodes<D>,
    ending: Ending,
    victim: &Victim,
    got: &[Issued],
) -> Result<usize> {
    let [here, elsewhere] = &nodes.services;
    let reason = ending.reason();
    let over = Err(AccessError::Revoked(reason));
    let row = nodes.row(victim.session.sid).await?;
    ensure!(row.ended.map(|ended| ended.reason) == Some(reason), "the row says {:?}", row.ended);
    let mut badges = vec![&victim.session];
    badges.extend(got);
    let verdict =
        |service: &Service, badge: &Issued| service.authenticate(badge.access_token.reveal(), None).map(drop);
    ensure!(badges.iter().all(|badge| verdict(here, badge) == over), "an access token survives its session");
    let accepted = badges.iter().filter(|badge| verdict(elsewhere, badge).is_ok()).count();

    let mut tokens = vec![victim.current.clone()];
    for rotated in got.iter().filter(|issued| issued.refresh_token.is_some()) {
        tokens.push(token(rotated)?);
    }
    let successors: Vec<_> = tokens.iter().skip(1).map(RefreshToken::hash).collect();
    ensure!(successors.windows(2).all(|pair| pair.first() == pair.last()), "two successors");
    for token in tokens {
        for service in &nodes.services {
            match renew(service, &token).await {
                Err(RefreshError::Revoked(it)) if it == reason => {}
                Err(error) => bail!("after the end a renewal gets: {error}"),
                Ok(_) => bail!("a session was renewed after its end"),
            }
        }
    }
    ensure!(
        badges.iter().all(|badge| verdict(elsewhere, badge) == over),
        "an access token survives elsewhere"
    );
    ensure!(nodes.row(victim.session.sid).await?.generation == row.generation, "rotated after the end");
    Ok(accepted)
}

/// The session that a password change keeps is as good as before.
async fn goes_on<D: Database>(nodes: &Nodes<D>, kept: &Issued) -> Result<()> {
    for service in &nodes.services {
        service.authenticate(kept.access_token.reveal(), None)?;
        renew(service, &token(kept)?).await?;
    }
    Ok(())
}
