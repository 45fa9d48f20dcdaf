//! Parts of statements that read the same in both databases' SQL. For their modules alone.

/// The columns of `users` that both `rows::user` read, in a statement on that table or a join with it.
macro_rules! user_columns {
    () => {
        "users.id AS user_id, email, name, version, role, authz_version,
         users.created_at AS user_created_at, disabled_at"
    };
}
pub(crate) use user_columns;

/// Users, as both `rows::user` read them.
macro_rules! select_user {
    ($rest:literal) => {
        concat!("SELECT ", $crate::sql::user_columns!(), " FROM users ", $rest)
    };
}
pub(crate) use select_user;

/// In a statement that changes one of `users`: whether somebody else is an administrator whose account is open.
macro_rules! another_admin {
    () => {
        "EXISTS (SELECT 1 FROM users AS other
                 WHERE other.role = 'admin' AND other.disabled_at IS NULL AND other.id <> users.id)"
    };
}
pub(crate) use another_admin;

/// Of a sign-in in `audit`: its session was not ended as somebody does who doesn't know it. Where only such ones came
/// from is as strange as before. (For as long as the session's row is kept, which is a month.)
macro_rules! not_disowned {
    () => {
        "NOT EXISTS (SELECT 1 FROM sessions
                     WHERE sid = session_id AND end_reason IN ('ended_elsewhere', 'kicked_out', 'token_reused'))"
    };
}
pub(crate) use not_disowned;
