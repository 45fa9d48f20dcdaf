//! What a user may do: a role in the database, scopes in an access token (RFC 8693, 4.2).

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a user is. The names are stored and sent; they never change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Whoever has an account.
    #[default]
    User,
    /// Who sees and ends everybody's sessions.
    Admin,
}

/// Something that a call may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One's own account and sessions.
    User,
    /// Everybody's.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 2] = [Self::User, Self::Admin];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The scopes of its access tokens.
    pub const fn scopes(self) -> &'static [Scope] {
        match self {
            Self::User => &[Scope::User],
            Self::Admin => &[Scope::User, Scope::Admin],
        }
    }

    /// The same as an access token's claim.
    pub fn claim(self) -> String {
        let names: Vec<_> = self.scopes().iter().map(|scope| scope.name()).collect();
        names.join(" ")
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Scope {
    /// Its name in a token.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    /// Whether an access token's claim holds it.
    pub fn is_in(self, claim: &str) -> bool {
        claim.split(' ').any(|name| name == self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_holds_what_its_role_may_and_nothing_that_looks_like_it() {
        assert!(Scope::User.is_in(&Role::User.claim()) && !Scope::Admin.is_in(&Role::User.claim()));
        assert!(Scope::User.is_in(&Role::Admin.claim()) && Scope::Admin.is_in(&Role::Admin.claim()));
        for claim in ["", "administrator", "xadmin", "Admin", "user,admin", "user\tadmin"] {
            assert!(!Scope::Admin.is_in(claim), "{claim}");
        }
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.name()), Some(role));
        }
        assert_eq!(Role::from_name("root"), None);
    }
}
