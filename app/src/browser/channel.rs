//! What tabs tell each other, over a BroadcastChannel of our origin. A message lives in memory only, so the
//! access token may travel in it.

use js_sys::{Function, Reflect};
use lanyard_client::{Announcement, EndReason, Mark};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use super::badge;
use super::start::Will;
use super::{Arrival, step_with};
use crate::api::Tokens;

const NAME: &str = "lanyard";

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Message {
    Issued {
        tokens: Tokens,
        /// When the request for it was sent, on the device's wall clock.
        since: u64,
    },
    Ended {
        mark: u64,
        reason: EndReason,
    },
}

/// This tab's end of the channel.
pub struct Channel {
    channel: BroadcastChannel,
    /// Called for every message; kept alive by being here.
    _listener: Closure<dyn FnMut(MessageEvent)>,
    _will: Option<Will>,
}

impl Channel {
    /// None in a browser without BroadcastChannel: then each tab renews for itself.
    pub fn open() -> Option<Self> {
        let channel = BroadcastChannel::new(NAME).ok()?;
        let listener = Closure::new(|event: MessageEvent| hear(&event));
        channel.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        let close =
            Reflect::get(&channel, &"close".into()).ok().and_then(|it| it.dyn_into::<Function>().ok());
        let will = close.map(|close| Will::leave(close.bind0(&channel)));
        Some(Self { channel, _listener: listener, _will: will })
    }

    /// Tells the other tabs; a badge goes along with the news of it.
    pub fn announce(&self, announcement: Announcement, tokens: Option<&Tokens>) {
        let message = match (announcement, tokens) {
            (Announcement::Issued { since, .. }, Some(tokens)) => {
                Message::Issued { tokens: Tokens { refresh_token: None, ..tokens.clone() }, since }
            }
            (Announcement::Issued { .. }, None) => return,
            (Announcement::Ended { mark, reason }, _) => Message::Ended { mark: mark.0, reason },
        };
        if let Ok(text) = serde_json::to_string(&message) {
            let _ = self.channel.post_message(&text.into());
        }
    }
}

/// Whatever can't be read, such as a message of another version of this page, is ignored.
fn hear(event: &MessageEvent) {
    let text = event.data().as_string().unwrap_or_default();
    match serde_json::from_str(&text) {
        Ok(Message::Issued { tokens, since }) => {
            let announcement = Announcement::Issued { grant: badge::grant(&tokens), since };
            step_with(lanyard_client::Input::Peer(announcement), Arrival::Badge(Box::new(tokens)));
        }
        Ok(Message::Ended { mark, reason }) => {
            let announcement = Announcement::Ended { mark: Mark(mark), reason };
            super::step(lanyard_client::Input::Peer(announcement));
        }
        Err(_) => {}
    }
}
