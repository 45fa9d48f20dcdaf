use std::net::IpAddr;

use governor::clock::FakeRelativeClock;

use super::*;

const ADA: &str = "ada@example.com";
const GRACE: &str = "grace@example.com";

fn throttle() -> (FakeRelativeClock, Throttle<FakeRelativeClock>) {
    let clock = FakeRelativeClock::default();
    (clock.clone(), Throttle::new(clock))
}

fn network(address: &str) -> Network {
    Network::from(address.parse::<IpAddr>().unwrap())
}

#[test]
fn an_account_is_closed_to_one_network_alone() {
    let (clock, throttle) = throttle();
    let (here, there) = (network("192.0.2.1"), network("192.0.2.2"));
    for _ in 0..20 {
        throttle.sign_in(ADA, here).unwrap();
    }
    let refused = throttle.sign_in(ADA, here).unwrap_err();
    assert_eq!(refused.retry_after, Duration::from_secs(30));
    throttle.sign_in(ADA, there).unwrap();
    // Knocking on takes nothing from the others in his network.
    for _ in 0..200 {
        throttle.sign_in(" ADA@Example.com ", here).unwrap_err();
    }
    throttle.sign_in(GRACE, here).unwrap();

    clock.advance(Duration::from_secs(29));
    assert_eq!(throttle.sign_in(ADA, here).unwrap_err().retry_after, Duration::from_secs(1));
    clock.advance(Duration::from_secs(1));
    throttle.sign_in(ADA, here).unwrap();
    throttle.sign_in(ADA, here).unwrap_err();
}

#[test]
fn a_network_can_not_try_every_account() {
    let (clock, throttle) = throttle();
    let here = network("192.0.2.1");
    for n in 0..100 {
        throttle.sign_in(&format!("user{n}@example.com"), here).unwrap();
    }
    assert_eq!(throttle.sign_in(ADA, here).unwrap_err().retry_after, Duration::from_secs(2));
    throttle.sign_in(ADA, network("192.0.2.2")).unwrap();
    clock.advance(Duration::from_secs(2));
    throttle.sign_in(ADA, here).unwrap();
}

#[test]
fn registering_is_counted_by_itself() {
    let (_, throttle) = throttle();
    let here = network("192.0.2.1");
    for _ in 0..20 {
        throttle.register(here).unwrap();
    }
    assert_eq!(throttle.register(here).unwrap_err().retry_after, Duration::from_secs(60));
    throttle.sign_in(ADA, here).unwrap();
}

#[test]
fn who_has_all_his_tries_again_is_forgotten() {
    let (clock, throttle) = throttle();
    for n in 0..SWEEP_EVERY - 1 {
        let from = network(&format!("198.51.{}.{}", n / 256, n % 256));
        throttle.sign_in(ADA, from).unwrap();
    }
    assert_eq!(throttle.accounts.len(), SWEEP_EVERY as usize - 1);
    clock.advance(Duration::from_secs(3600));
    throttle.sign_in(ADA, network("192.0.2.1")).unwrap();
    assert_eq!(throttle.accounts.len(), 1);
}

/// However an address is typed, and whether or not it can be one, it has no more tries.
#[test]
fn no_other_way_to_type_an_address_gets_more_tries() {
    let (_, throttle) = throttle();
    let here = network("192.0.2.1");
    for ways in [
        [
            "zo\u{eb}@b\u{fc}cher.example",
            "ZOE\u{308}@XN--BCHER-KVA.example",
            "zo\u{eb}\u{200b}@b\u{fc}cher\u{3002}example",
        ],
        ["no address", "NO ADDRESS", "\u{feff}no \u{200d}address "],
    ] {
        for n in 0..20 {
            throttle.sign_in(ways[n % 3], here).unwrap();
        }
        for way in ways {
            throttle.sign_in(way, here).unwrap_err();
        }
    }
}
