//! The words of the people who had their accounts before there were words.

use lanyard_testbed::Harness as _;

use crate::Database;
use crate::conformance::records::assert_the_same_words_as_before;

#[tokio::test]
async fn people_who_were_there_before_are_found_alike() {
    let db = Database::fresh().await;
    let migration = include_str!("../../migrations/sqlite/0006_records.sql");
    let fill = &migration[migration.find("INSERT INTO user_words").unwrap()..];
    let again = async |db: &Database| {
        db.run("DELETE FROM user_words").await;
        db.run(fill).await;
    };
    assert_the_same_words_as_before(db, again).await;
}
