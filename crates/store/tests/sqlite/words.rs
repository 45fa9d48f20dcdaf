//! The words of the people who had their accounts before words were kept as they are now.

use lanyard_testbed::Harness as _;

use crate::Database;
use crate::conformance::records::{assert_a_crowd_of_before_is_found, assert_people_of_before_are_found};

#[tokio::test]
async fn people_who_were_there_before_are_found_alike() {
    let put_back = async |db: &Database| {
        db.run(
            "DELETE FROM _sqlx_migrations WHERE version = 7;
             DELETE FROM user_words;
             INSERT INTO user_words (word, user_id, shared) SELECT 'ada', id, 0 FROM users;",
        )
        .await;
    };
    assert_people_of_before_are_found(Database::fresh().await, put_back).await;
}

#[tokio::test]
async fn a_crowd_that_was_there_before_is_found() {
    let make_2001 = async |db: &Database| {
        db.run(
            "INSERT INTO users (id, email, name, password_hash, version, created_at)
             WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2001)
             SELECT randomblob(16), n || '@people.example', 'Crowd of People', '', 1, n FROM numbers",
        )
        .await;
    };
    assert_a_crowd_of_before_is_found(Database::fresh().await, make_2001).await;
}
