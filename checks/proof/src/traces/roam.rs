//! Random walks: each draws its own parts, so that any may meet any other; or takes those of a combination that the
//! model is searched with.

use std::mem::discriminant;

use lanyard_auth::random::{NoRandomness, Random};
use lanyard_auth::service::Delivery;

use super::exhibits::{ROTATIONS, Seen};
use crate::model::action::Action;
use crate::model::combinations::COMBINATIONS;
use crate::model::config::{Budget, Config, Lifetimes, Native, Shape};
use crate::model::search::Step;
use crate::model::world::World;

/// Steps of a walk, if nothing ends it before.
const STEPS: usize = 150;

/// Steps that a walk goes on once all its sessions are over.
const EPILOGUE: usize = 10;

/// The walk with this number, the same one every time. Of three, one is in a combination.
///
/// # Errors
/// None but of the source of randomness, which has none when it is seeded.
pub fn walk(number: u64) -> Result<Seen, NoRandomness> {
    let random = Random::seeded(number);
    let combined = usize::try_from(number / 3).unwrap_or_default() % COMBINATIONS.len();
    let config = match COMBINATIONS.get(combined).filter(|_| number.is_multiple_of(3)) {
        Some(combination) => combination.config.with_rotations(ROTATIONS),
        None => draw(&random)?,
    };
    let thief = if one_in(&random, 2)? { Delivery::Body } else { Delivery::Cookie };
    let mut world = World::new(&config);
    let mut steps = Vec::new();
    let mut epilogue = 0;
    while steps.len() < STEPS && epilogue < EPILOGUE && world.left.rotations > 0 {
        let Some(step) = wander(&config, &world, &random)? else { break };
        world = step.after.clone();
        epilogue += usize::from(world.rows.iter().all(|row| row.ended.is_some() || row.left == Some(0)));
        steps.push(step);
    }
    Ok(Seen { config, steps, thief })
}

/// One of the things that can happen: first which kind, then which of them. Accidents are rare, so that something is
/// left to befall when they come.
fn wander(config: &Config, world: &World, random: &Random) -> Result<Option<Step>, NoRandomness> {
    let mut possible = Vec::new();
    world.actions(config, &mut possible);
    possible.retain(|action| world.after(config, *action).is_some());
    let mut kinds = Vec::new();
    for action in &possible {
        if kinds.iter().all(|kind| discriminant(kind) != discriminant(action)) {
            kinds.extend(std::iter::repeat_n(*action, weight(*action)));
        }
    }
    let Some(kind) = choose(&kinds, random)? else { return Ok(None) };
    possible.retain(|action| discriminant(action) == discriminant(&kind));
    let action = choose(&possible, random)?;
    let step = action.and_then(|action| {
        let (after, outcome) = world.after(config, action)?;
        Some(Step { action, outcome, after })
    });
    Ok(step)
}

/// How often a kind of action is chosen, compared with others.
fn weight(action: Action) -> usize {
    match action {
        Action::Tick | Action::Refresh(_) | Action::Read { .. } | Action::Begin { .. } => 8,
        Action::Write { .. } | Action::Deliver { .. } | Action::Hear { .. } | Action::Confirm => 8,
        Action::Use(_) | Action::RefreshStolen { .. } | Action::Double { .. } | Action::Lose { .. } => 4,
        Action::Steal(_) | Action::Flush | Action::Store | Action::CrashServer(_) | Action::FailOver => 2,
        _ => 1,
    }
}

fn choose<T: Copy>(among: &[T], random: &Random) -> Result<Option<T>, NoRandomness> {
    let number = u64::from_be_bytes(random.bytes()?);
    let count = u64::try_from(among.len()).unwrap_or(u64::MAX);
    let chosen = number.checked_rem(count).and_then(|chosen| usize::try_from(chosen).ok());
    Ok(chosen.and_then(|chosen| among.get(chosen).copied()))
}

/// True in one of so many walks.
fn one_in(random: &Random, walks: u8) -> Result<bool, NoRandomness> {
    Ok(random.bytes::<1>()?.iter().all(|byte| byte.is_multiple_of(walks)))
}

/// Some parts.
fn draw(random: &Random) -> Result<Config, NoRandomness> {
    let one_in = |walks| one_in(random, walks);
    let some = |walks: u8| Ok::<_, NoRandomness>(if one_in(walks)? { 2 } else { 0 });
    let lifetimes = Lifetimes { idle: 9, absolute: 24, access: 5 };
    let lifetimes = one_in(5)?.then_some(lifetimes);
    Ok(Config {
        shape: Shape::ROOMY,
        tabs: if one_in(2)? { 2 } else { 1 },
        lock: one_in(2)?,
        native: if !one_in(3)? {
            Native::Absent
        } else if one_in(2)? {
            Native::Durable
        } else {
            Native::Careless
        },
        flights: if one_in(2)? { 4 } else { 2 },
        delays: one_in(2)?,
        skew: u8::from(one_in(3)?),
        jump: Shape::ROOMY.settle,
        queue: one_in(2)?,
        spaced: one_in(5)?,
        robbed: false,
        away: one_in(5)?,
        lifetimes,
        budget: Budget {
            rotations: ROTATIONS,
            losses: some(2)?,
            doubles: some(2)?,
            kills: some(3)?,
            jar_crashes: some(3)?,
            native_crashes: some(3)?,
            thefts: some(3)?,
            forgeries: some(4)?,
            server_crashes: some(2)?,
            unknown_commits: some(3)?,
            sign_outs: some(5)? / 2,
            kick_outs: some(5)? / 2,
            switches: some(3)?,
            failovers: some(4)?,
            // A session's absolute limit comes nearer with a jump, which the model does not count.
            jumps: if lifetimes.is_none() { some(6)? } else { 0 },
        },
        bug: None,
    })
}
