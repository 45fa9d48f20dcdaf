//! The addresses of the people who had their accounts before there was one form for each.

use lanyard_testbed::Harness as _;

use crate::Database;
use crate::conformance::records::{
    assert_a_crowd_of_addresses_is_brought_up, assert_addresses_of_before_are_brought_up,
};

#[tokio::test]
async fn addresses_of_before_are_brought_into_one_form() {
    let put_back = async |db: &Database| {
        db.run("DELETE FROM _sqlx_migrations WHERE version = 8; DROP TABLE old_addresses").await;
    };
    assert_addresses_of_before_are_brought_up(Database::fresh().await, put_back).await;
}

#[tokio::test]
async fn a_crowd_of_them_is() {
    let make_2001 = async |db: &Database| {
        db.run(
            "TRUNCATE user_words;
             INSERT INTO users (id, email, name, password_hash, version, created_at)
             SELECT gen_random_uuid(), n || '@bücher.example', 'Crowd', '', 1, n / 2
             FROM generate_series(1, 2001) AS n",
        )
        .await;
    };
    assert_a_crowd_of_addresses_is_brought_up(Database::fresh().await, make_2001).await;
}
