//! What a newer server has written, and this one has no word for.

use lanyard_testbed::Harness as _;

use crate::Database;
use crate::conformance::audit::assert_newer_words_hide_nothing;

#[tokio::test]
async fn no_look_fails_for_words_that_only_a_newer_server_knows() {
    let write = async |db: &Database| {
        db.run(
            "PRAGMA ignore_check_constraints = ON;
             UPDATE users SET role = 'auditor' WHERE email = 'user1@example.com';
             UPDATE sessions SET end_reason = 'struck_by_lightning' WHERE ended_at IS NOT NULL;
             INSERT INTO audit (at, event, actor, user_id, notice)
             WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 30)
             SELECT (SELECT max(at) FROM audit) + n % 2,
                    iif(n % 2, 'teleported', 'authz_change'), iif(n % 2, 'owner', 'robot'),
                    (SELECT id FROM users WHERE email = 'user2@example.com'), TRUE
             FROM numbers;",
        )
        .await;
    };
    assert_newer_words_hide_nothing(Database::fresh().await, write).await;
}
