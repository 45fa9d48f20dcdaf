//! What every store must do: the sentences of `lanyard_auth::store::Store`, each as a test.
//!
//! Written once against [`Harness`]; a database's own test crate implements that and calls
//! `conformance_suite!`. Time is moved, never slept.

pub mod accounts;
pub mod audit;
pub mod endings;
pub mod idempotency;
pub mod owner;
pub mod races;
pub mod records;
pub mod removal;
pub mod revocations;
pub mod roles;
pub mod rotation;
pub mod sessions;
pub mod users;

use std::time::Duration;

use lanyard_auth::audit::By;
use lanyard_auth::device::Device;
use lanyard_auth::password::PasswordHash;
use lanyard_auth::refresh::{KeyId, Salt, SecretHash};
use lanyard_auth::scope::Role;
use lanyard_auth::store::{
    Closing, Guard, NewSession, NewUser, PasswordChange, RaisedVersion, Rotation, Session, SessionId, Store,
    StoreError, User, UserId,
};
use lanyard_auth::time::Timestamp;
pub use lanyard_testbed::{Event, Harness, START};
use uuid::Uuid;

pub const ABSOLUTE: Duration = Duration::from_secs(30 * 24 * 3600);

pub const SETTLE: Duration = Duration::from_secs(120);

pub const MILLISECOND: Duration = Duration::from_millis(1);

/// Makes a user, a different one for each `n`.
pub async fn user(store: &dyn Store, n: u8) -> User {
    store.create_user(&new_user(n), &By::default()).await.unwrap()
}

pub fn new_user(n: u8) -> NewUser {
    NewUser {
        id: UserId(Uuid::from_u128(0x1000 + u128::from(n))),
        email: format!("user{n}@example.com"),
        name: format!("User {n}"),
        password_hash: password_hash(n),
        role: Role::User,
        idempotency: None,
    }
}

pub fn password_hash(n: u8) -> PasswordHash {
    PasswordHash::from_stored(format!("$argon2id$hash-{n}"))
}

/// A change of the password that the user was made with, to the `n`th.
pub fn password_change(user: &User, keep: SessionId, n: u8) -> PasswordChange {
    let seen = (0..=u8::MAX).find(|n| new_user(*n).id == user.id).map(password_hash).unwrap();
    PasswordChange {
        user: user.id,
        seen,
        new: password_hash(n),
        keep,
        device: Device::default(),
        idempotency: None,
    }
}

/// Closes the account of a user who is not the last administrator.
pub async fn close(store: &dyn Store, user: UserId) -> RaisedVersion {
    match store.disable_user(user, &By::default()).await.unwrap() {
        Closing::Closed(raised) => raised,
        other => panic!("{other:?}"),
    }
}

/// Makes a session of `user`, a different one for each `n`.
pub async fn session(store: &dyn Store, user: &User, n: u8) -> SessionId {
    let new = new_session(user, n);
    store.create_session(&new, &[]).await.unwrap().unwrap();
    new.sid
}

pub fn new_session(user: &User, n: u8) -> NewSession {
    NewSession {
        sid: sid(n),
        user_id: user.id,
        user_version: user.version,
        secret_hash: SecretHash([n; 32]),
        kid: KeyId(0xFFFF_FFF0),
        absolute: ABSOLUTE,
        device: Device::default(),
    }
}

pub fn sid(n: u8) -> SessionId {
    SessionId(Uuid::from_u128(0xFFFF_0000_0000_0000_0000_0000_0000_0000 + u128::from(n)))
}

pub fn seen(sid: SessionId, generation: u32, confirmed: bool) -> Guard {
    Guard { sid, generation, confirmed }
}

/// An ordinary rotation to a successor that is a different one for each `n`.
pub fn rotation(seen: Guard, n: u8) -> Rotation {
    Rotation {
        seen,
        presented: SecretHash([n.wrapping_sub(1); 32]),
        next: SecretHash([n; 32]),
        salt: Salt([n; 16]),
        kid: KeyId(u32::from(n)),
        recoveries: 0,
        not_after: Timestamp(i64::MAX),
        device: Device::default(),
        moved: None,
    }
}

pub async fn row(store: &dyn Store, sid: SessionId) -> Session {
    read(store, sid).await.unwrap()
}

pub async fn read(store: &dyn Store, sid: SessionId) -> Result<Session, StoreError> {
    store.session(sid).await.map(|seen| seen.expect("no such session").row)
}

/// Makes a `#[tokio::test]` of every test of the suite, for one harness.
macro_rules! conformance_suite {
    ($harness:ty) => {
        $crate::conformance::conformance_suite! { $harness;
            users:
                a_write_that_only_tries_changes_nothing
                a_user_comes_back_as_made
                unusual_text_comes_back_unchanged
                nobody_has_an_address_that_can_not_be
                an_address_has_one_account
                one_of_many_at_once_gets_the_address
                a_password_is_rehashed_only_if_as_seen;
            accounts:
                signing_out_everywhere_ends_every_session_and_version
                a_password_change_ends_all_sessions_but_one
                a_password_change_needs_all_as_it_was_seen
                of_many_password_changes_at_once_one_wins
                a_kept_session_goes_on
                a_closed_account_is_left_at_once
                an_opened_account_begins_anew;
            sessions:
                the_time_is_the_databases
                a_session_begins_confirmed_at_generation_0
                a_session_comes_with_the_time
                a_session_shows_its_user_as_the_user_is_now
                a_changed_user_gets_no_session_and_nothing_is_written
                a_new_session_ends_the_live_ones_it_displaces
                everything_survives_reopening;
            rotation:
                a_rotation_writes_all_of_itself
                a_rotation_leaves_the_limits_alone
                a_rotation_needs_the_row_as_it_was_seen
                a_rotation_needs_a_live_session
                nothing_is_rotated_once_the_session_has_expired
                a_rotation_needs_an_unchanged_user
                a_recovery_is_counted_and_recorded
                a_generation_is_confirmed_once_settled
                only_the_newest_generation_is_confirmed
                a_clock_that_went_back_confirms_nothing;
            endings:
                an_end_for_cause_has_its_event
                an_end_for_cause_needs_the_row_as_it_was_seen
                of_many_ends_for_cause_one_counts
                ending_returns_those_that_were_live
                ending_asks_for_no_generation
                every_reason_is_kept;
            owner:
                a_session_knows_where_it_was_last_rotated
                a_session_is_named_by_its_owner_alone
                all_other_sessions_end_but_one
                a_user_is_renamed;
            idempotency:
                what_was_done_is_found_under_its_key_for_minutes
                a_key_is_used_once_and_nothing_is_written
                a_password_change_is_remembered_with_what_it_ended
                what_fails_is_not_remembered
                of_many_equal_registrations_at_once_one_is_made
                a_session_that_is_there_is_not_made_again
                old_records_are_removed_a_few_at_a_time;
            revocations:
                ended_sessions_are_revoked_for_the_window
                a_user_is_revoked_below_the_new_version
                a_password_change_revokes_no_version
                a_window_of_any_length_is_answered;
            roles:
                a_change_of_role_raises_the_authorisation_version_and_nothing_else
                the_last_administrator_stays_one
                the_last_administrators_account_stays_open
                who_is_no_administrator_any_more_changes_nothing
                two_administrators_who_rid_themselves_of_each_other_leave_one;
            audit:
                every_change_is_told_with_who_made_it_and_from_where
                what_changes_nothing_is_not_told
                a_password_change_and_a_theft_are_told_to_their_person
                a_sign_in_from_where_its_person_never_was_says_so
                the_first_sign_in_to_an_old_account_is_news
                a_network_from_which_somebody_failed_is_not_known_by_that
                a_renewal_from_elsewhere_is_told_and_a_known_network_is_not
                entries_are_counted_for_their_person_and_time
                every_filter_and_every_page_has_each_entry_once
                where_only_disowned_sessions_came_from_stays_strange
                a_notice_is_shown_in_each_session_until_it_was_seen_there
                old_entries_are_removed_a_few_at_a_time_the_oldest_first;
            records:
                one_person_is_read_by_id_and_address
                people_are_listed_newest_first_a_page_at_a_time
                people_are_found_by_how_a_word_begins
                a_person_is_found_once_and_in_one_order
                a_renamed_person_is_found_by_the_new_name_alone
                live_sessions_are_listed_newest_first_a_page_at_a_time
                an_idle_session_is_on_no_page;
            removal:
                what_expired_long_ago_is_removed_and_nothing_else
                a_batch_is_the_oldest_and_no_more
                nothing_is_removed_by_two_at_once_twice
                any_time_to_keep_is_answered;
            races:
                of_64_rotations_at_once_one_wins
                a_rotation_never_outlives_an_end
                nothing_survives_signing_out_everywhere
                nothing_survives_a_password_change_but_the_kept_session
                nothing_survives_the_closing_of_an_account
                many_ends_at_once_never_lock_each_other_out
                a_caller_that_goes_away_leaves_all_or_nothing;
        }
    };
    ($harness:ty; $($module:ident: $($test:ident)+;)+) => {
        $(mod $module {
            use crate::conformance::Harness as _;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    crate::conformance::$module::$test(<$harness>::fresh().await).await;
                }
            )+
        })+
    };
}
pub(crate) use conformance_suite;
