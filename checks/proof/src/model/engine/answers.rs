//! The server's answers on their way into the engine.

use super::*;

impl EngineWorld {
    /// An answer reaches its tab, and its cookies the jar.
    pub(super) fn deliver(&mut self, config: &Config, place: u8) -> Option<()> {
        let Flight { from: Client::Tab(tab), token, stage: Stage::Answered(answer), errand, .. } =
            self.world.take_flight(place)?
        else {
            return None;
        };
        let attempt = self.asked.get_mut(usize::from(place))?.take()?;
        let mut access = None;
        if let Answer::Granted { access: granted, successor } = answer {
            access = Some(granted);
            if let Some(successor) = successor {
                self.world.keep(config, Client::Tab(tab), successor);
                self.world.browser.signed_out = false;
            }
        }
        let input = if errand == Errand::SignOut {
            self.world.browser.set_jar(None);
            Input::LogoutAnswered { attempt, answer: client::LogoutAnswer::Done }
        } else {
            let answer = self.refreshed(config, token, answer);
            Input::RefreshAnswered { attempt, answer }
        };
        self.step(tab, input, access);
        Some(())
    }

    fn refreshed(
        &mut self,
        config: &Config,
        token: Option<super::super::world::Token>,
        answer: Answer,
    ) -> client::RefreshAnswer {
        use client::{EndReason, RefreshAnswer};
        let reason = match answer {
            Answer::Granted { access, .. } => return RefreshAnswer::Granted(grant(access)),
            Answer::Changed => return RefreshAnswer::Changed,
            Answer::Unavailable | Answer::SignedOut => {
                return RefreshAnswer::Failed { status: Some(503), retry_after: Some(1_000) };
            }
            Answer::Ended(reason) => told(reason),
            Answer::Reused => EndReason::TokenReused,
            Answer::Unknown => EndReason::Unknown,
            Answer::Expired => EndReason::Expired,
        };
        if let Some(token) = token {
            self.world.judge_refusal(config, token, answer);
        }
        RefreshAnswer::Ended(reason)
    }
}

/// An access token as the engine hears of it.
fn grant(access: Access) -> client::Grant {
    client::Grant {
        session: client::SessionId(access.session.into()),
        mark: mark(access.session),
        lifetime: tick() * u64::from(access.left.unwrap_or(Ticks::MAX)),
    }
}

fn told(reason: lanyard_auth::store::EndReason) -> client::EndReason {
    use client::EndReason;
    use lanyard_auth::store::EndReason as Stored;
    match reason {
        Stored::SignedOut => EndReason::SignedOut,
        Stored::Replaced => EndReason::Replaced,
        Stored::TokenReused => EndReason::TokenReused,
        Stored::Unconfirmed => EndReason::Unconfirmed,
        Stored::EndedElsewhere => EndReason::EndedElsewhere,
        Stored::KickedOut => EndReason::KickedOut,
        Stored::PasswordChanged => EndReason::PasswordChanged,
        Stored::AccountDisabled => EndReason::AccountDisabled,
    }
}
