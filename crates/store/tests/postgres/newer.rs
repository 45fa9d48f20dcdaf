//! What a newer server has written, and this one has no word for.

use lanyard_testbed::Harness as _;

use crate::Database;
use crate::conformance::audit::assert_newer_words_hide_nothing;

#[tokio::test]
async fn no_look_fails_for_words_that_only_a_newer_server_knows() {
    let write = async |db: &Database| {
        db.run(
            "ALTER TABLE users DROP CONSTRAINT users_role_check;
             ALTER TABLE audit DROP CONSTRAINT audit_actor_check;
             UPDATE users SET role = 'auditor' WHERE email = 'user1@example.com';
             UPDATE sessions SET end_reason = 'struck_by_lightning' WHERE ended_at IS NOT NULL;
             INSERT INTO audit (at, event, actor, user_id, notice)
             SELECT (SELECT max(at) FROM audit) + n % 2,
                    CASE n % 2 WHEN 1 THEN 'teleported' ELSE 'authz_change' END,
                    CASE n % 2 WHEN 1 THEN 'owner' ELSE 'robot' END,
                    (SELECT id FROM users WHERE email = 'user2@example.com'), TRUE
             FROM generate_series(1, 30) AS n",
        )
        .await;
    };
    assert_newer_words_hide_nothing(Database::fresh().await, write).await;
}
