//! Where random walks lead: every walk draws its own parts, so that any may meet any other.

use lanyard_auth::random::{NoRandomness, Random};

use crate::model::config::{Budget, Config, Lifetimes, Native, Shape};

/// The model of the walk with this number.
///
/// # Errors
/// None but of the source of randomness, which has none when it is seeded.
pub fn config(seed: u64) -> Result<Config, NoRandomness> {
    let random = Random::seeded(seed);
    // One in so many walks has the part.
    let one_in = |walks: u8| Ok::<_, NoRandomness>(random.bytes::<1>()?.iter().all(|byte| byte % walks == 0));
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
        queue: one_in(2)?,
        spaced: one_in(5)?,
        away: one_in(5)?,
        lifetimes,
        budget: Budget {
            rotations: 12,
            losses: some(2)?,
            doubles: some(2)?,
            kills: some(3)?,
            jar_crashes: some(3)?,
            native_crashes: some(3)?,
            thefts: some(3)?,
            forgeries: some(4)?,
            server_crashes: some(3)?,
            unknown_commits: some(3)?,
            sign_outs: some(8)? / 2,
            kick_outs: some(8)? / 2,
            switches: some(6)?,
            failovers: some(4)?,
            // A session's absolute limit comes nearer with a jump, which the model does not count.
            jumps: if lifetimes.is_none() { some(6)? } else { 0 },
        },
        bug: None,
    })
}
