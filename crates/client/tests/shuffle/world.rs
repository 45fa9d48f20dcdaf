//! A browser and a server small enough to shuffle: tabs that share a cookie jar, a lock and a channel, a
//! network that delays and loses, a server that knows which sessions live. Every invariant is checked where
//! the thing that it forbids would happen.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lanyard_client::*;

use crate::server::{Answer, Asked, Server, Token, mark};

pub const TIMEOUT: u64 = 10_000;
pub const LIFETIME: u64 = 60_000;
/// Browsers write cookies to disk this late.
const DISK_LAG: u64 = 30_000;

#[derive(Debug)]
struct Request {
    tab: usize,
    asked: Asked,
    /// Sent while the tab held the lock.
    locked: bool,
    /// Nobody waits for it any more: it was aborted, or its tab is gone. The server may hear of it all the same.
    orphan: bool,
    cookie: Option<SessionId>,
    hint: Option<Mark>,
    answer: Option<Answer>,
}

#[derive(Debug)]
struct CallRecord {
    made_for: Option<Mark>,
    sendings: u32,
    refusals: u32,
    done: bool,
}

pub struct Tab {
    pub engine: Engine,
    timer: Option<u64>,
    token: Option<Token>,
    inbox: VecDeque<(Announcement, Option<Token>)>,
    calls: BTreeMap<CallId, CallRecord>,
    over: BTreeSet<Mark>,
    closed: bool,
    hidden: bool,
    blank: bool,
    holds: Option<Turn>,
    timers_fired: u64,
}

pub struct World {
    pub time: u64,
    pub wall_offset: u64,
    pub locks: bool,
    random: u64,
    pub tabs: Vec<Tab>,
    cookie: Option<SessionId>,
    hint: Option<Mark>,
    /// The jar as it was last written to disk: what a killed browser starts again with.
    disk: (Option<SessionId>, Option<Mark>),
    written: u64,
    server: Server,
    /// Live sessions whose cookie is gone: no request can end them any more.
    out_of_reach: BTreeSet<SessionId>,
    signed_out: BTreeSet<SessionId>,
    queue: VecDeque<(usize, Turn, bool)>,
    requests: Vec<Request>,
    owed: Option<Who>,
    calls: u64,
    /// A sign-in crossed another request to `/auth/*`, which takes an orphan, a tab that waited for the lock in
    /// vain, or a browser without locks. The loser's session may be seen again, or only after a reload.
    sign_in_crossed: bool,
}

impl World {
    pub fn new(tabs: usize, locks: bool, lifetime: u64) -> Self {
        let mut world = Self {
            time: 5_000,
            wall_offset: 1_000_000_000,
            locks,
            random: 1,
            tabs: Vec::new(),
            cookie: None,
            hint: None,
            disk: (None, None),
            written: 0,
            server: Server::new(lifetime),
            out_of_reach: BTreeSet::new(),
            signed_out: BTreeSet::new(),
            queue: VecDeque::new(),
            requests: Vec::new(),
            owed: None,
            calls: 0,
            sign_in_crossed: false,
        };
        for _ in 0..tabs {
            let tab = world.new_tab();
            world.tabs.push(tab);
        }
        for tab in 0..tabs {
            world.step(tab, Input::Boot, None);
        }
        world
    }

    fn new_tab(&self) -> Tab {
        Tab {
            engine: Engine::new(TIMEOUT, Patterns::default()),
            timer: None,
            token: None,
            inbox: VecDeque::new(),
            calls: BTreeMap::new(),
            over: BTreeSet::new(),
            closed: false,
            hidden: false,
            blank: false,
            holds: None,
            timers_fired: 0,
        }
    }

    fn now(&mut self) -> Now {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Now {
            monotonic: self.time,
            wall: self.time + self.wall_offset,
            hint: self.hint,
            owed: self.owed,
            random: self.random >> 20,
        }
    }

    fn shown(&self, tab: usize) -> Option<Mark> {
        match self.tabs[tab].engine.standing() {
            Standing::Somebody { who, .. } => Some(who.mark),
            Standing::Nobody { .. } => None,
        }
    }

    fn step(&mut self, tab: usize, input: Input, token: Option<Token>) {
        if self.tabs[tab].closed {
            return;
        }
        let before = self.shown(tab);
        let now = self.now();
        let effects = self.tabs[tab].engine.step(&now, input);
        self.tabs[tab].timer = None;
        for effect in effects {
            self.perform(tab, effect, token, before);
        }
        let after = self.shown(tab);
        if let Some(mark) = after {
            let back = self.tabs[tab].over.contains(&mark);
            assert!(!back || self.sign_in_crossed, "tab {tab}: a session came back after its end");
        }
        if before != after {
            assert!(self.tabs[tab].calls.values().all(|call| call.done), "calls outlived their account");
        }
    }

    fn perform(&mut self, tab: usize, effect: Effect, token: Option<Token>, before: Option<Mark>) {
        match effect {
            Effect::TakeLock { turn } => {
                let waits =
                    self.locks && (!self.queue.is_empty() || self.tabs.iter().any(|t| t.holds.is_some()));
                self.queue.push_back((tab, turn, waits));
            }
            Effect::ReleaseLock { turn } => {
                self.queue.retain(|&(t, asked, _)| (t, asked) != (tab, turn));
                if self.tabs[tab].holds == Some(turn) {
                    self.tabs[tab].holds = None;
                }
            }
            Effect::SendRefresh { attempt, session } => {
                self.send(tab, Asked::Refresh { attempt, session });
            }
            Effect::SendLogout { attempt, session } => self.send(tab, Asked::Logout { attempt, session }),
            Effect::SendSignIn { attempt, .. } => self.send(tab, Asked::SignIn { attempt }),
            Effect::Abort { attempt } => {
                for request in &mut self.requests {
                    request.orphan |= request.tab == tab && request.asked.attempt() == Some(attempt);
                }
            }
            Effect::Adopt { .. } => {
                let token = token.expect("a badge was adopted that nobody sent");
                self.tabs[tab].token = Some(token);
            }
            Effect::Clear => self.tabs[tab].token = None,
            Effect::Send { call, replay } => self.send_call(tab, call, replay),
            Effect::Deliver(call) | Effect::Reject { call, .. } => {
                let call = self.tabs[tab].calls.get_mut(&call).expect("a call that nobody made");
                assert!(!call.done, "a call was answered twice");
                call.done = true;
            }
            Effect::Announce(announcement) => {
                let token = matches!(announcement, Announcement::Issued { .. })
                    .then(|| self.tabs[tab].token.expect("announced a badge without having one"));
                for (other, peer) in self.tabs.iter_mut().enumerate() {
                    if other != tab {
                        peer.inbox.push_back((announcement, token));
                    }
                }
            }
            Effect::DropHint => self.hint = None,
            Effect::Owe(who) => self.owed = Some(who),
            Effect::Settle(who) => self.owed = self.owed.filter(|&owed| owed != who),
            Effect::Ended(_) => {
                self.tabs[tab].over.extend(before);
            }
            Effect::Unveil => self.tabs[tab].blank = false,
            Effect::ArmTimer(wait) => {
                assert!(wait > 0 && wait <= i32::MAX as u32);
                self.tabs[tab].timer = Some(self.time + u64::from(wait));
            }
            Effect::DropForm(_)
            | Effect::RenewalFailed { .. }
            | Effect::RenewalRefused
            | Effect::AccountChanged
            | Effect::CookieRefused => {}
        }
    }

    fn send(&mut self, tab: usize, asked: Asked) {
        let locked = asked.attempt().is_some() && self.tabs[tab].holds.is_some();
        if locked {
            let others = self.requests.iter().filter(|r| r.locked && !r.orphan).count();
            assert_eq!(others, 0, "two requests to /auth under one lock");
        }
        let mine = |r: &&Request| r.tab == tab && !r.orphan && r.asked.attempt().is_some();
        let mine = self.requests.iter().filter(mine).count();
        if asked.attempt().is_some() {
            assert_eq!(mine, 0, "a tab sent two requests to /auth at a time");
        }
        if asked.attempt().is_some() {
            let under_way =
                || self.requests.iter().map(|r| r.asked).filter(|other| other.attempt().is_some());
            let signs_in = |asked: Asked| matches!(asked, Asked::SignIn { .. });
            self.sign_in_crossed |= under_way().any(|other| signs_in(asked) || signs_in(other));
        }
        let (cookie, hint) = (self.cookie, self.hint);
        self.requests.push(Request { tab, asked, locked, orphan: false, cookie, hint, answer: None });
    }

    fn send_call(&mut self, tab: usize, id: CallId, replay: bool) {
        let badge = self.tabs[tab].token.expect("a call was sent without a badge");
        let call = self.tabs[tab].calls.get_mut(&id).expect("a call that nobody made");
        assert!(!call.done, "a call was sent after its end");
        assert_eq!(call.made_for, Some(mark(badge.session)), "a call crossed sessions");
        assert_eq!(replay, call.sendings > 0);
        assert!(call.sendings == 0 || call.refusals > 0, "replayed without need");
        call.sendings += 1;
        assert!(call.sendings <= 2, "replayed more than once");
        self.send(tab, Asked::Call { call: id, badge });
    }

    // What may happen.

    pub fn call(&mut self, tab: usize) {
        self.calls += 1;
        let call = CallId(self.calls);
        let made_for = self.shown(tab);
        let record = CallRecord { made_for, sendings: 0, refusals: 0, done: false };
        self.tabs[tab].calls.insert(call, record);
        self.step(tab, Input::Call { call, made_for }, None);
    }

    pub fn sign_in(&mut self, tab: usize) {
        self.calls += 1;
        self.step(tab, Input::SignIn(FormId(self.calls)), None);
    }

    /// Somebody who presses it sees his own page: the engine may find meanwhile that the account has changed.
    pub fn sign_out(&mut self, tab: usize) {
        let seen = self.shown(tab);
        self.step(tab, Input::SignOut, None);
        if let Some(session) = self.server.live.iter().copied().find(|&session| Some(mark(session)) == seen) {
            self.signed_out.insert(session);
        }
        assert_ne!(seen, self.shown(tab).or(Some(Mark(0))), "sign-out left the session on the page");
    }

    pub fn renew(&mut self, tab: usize) {
        self.step(tab, Input::Renew, None);
    }

    pub fn wake(&mut self, tab: usize, online: bool) {
        self.step(tab, Input::Woke(if online { Wake::Online } else { Wake::Visible }), None);
    }

    pub fn hide_or_show(&mut self, tab: usize) {
        if self.tabs[tab].hidden {
            self.tabs[tab].hidden = false;
            self.step(tab, Input::Woke(Wake::Shown), None);
        } else {
            self.tabs[tab].hidden = true;
            self.tabs[tab].blank = true;
            self.step(tab, Input::Hidden, None);
            let idle = !self
                .requests
                .iter()
                .any(|r| r.tab == tab && !r.orphan && matches!(r.asked, Asked::Refresh { .. }));
            assert!(idle, "a hidden page renews");
        }
    }

    /// The tab is gone; nobody waits for what it asked for.
    pub fn close(&mut self, tab: usize) {
        self.requests
            .iter_mut()
            .filter(|request| request.tab == tab)
            .for_each(|request| request.orphan = true);
        self.queue.retain(|&(t, ..)| t != tab);
        self.tabs[tab] = Tab { closed: true, ..self.new_tab() };
    }

    /// The browser is killed and opened again, with the cookies that it had written down.
    pub fn kill_browser(&mut self) {
        (0..self.tabs.len()).for_each(|tab| self.close(tab));
        for request in &mut self.requests {
            request.answer = request.answer.map(|answer| Answer { cookies: None, ..answer });
        }
        let (cookie, hint) = self.disk;
        self.put_into_jar(cookie, hint);
        self.reload(0);
    }

    fn put_into_jar(&mut self, cookie: Option<SessionId>, hint: Option<Mark>) {
        if let Some(lost) = self.cookie.filter(|_| cookie != self.cookie) {
            self.out_of_reach.insert(lost);
        }
        (self.cookie, self.hint) = (cookie, hint);
    }

    /// The page is loaded anew, or opened.
    pub fn reload(&mut self, tab: usize) {
        self.close(tab);
        self.tabs[tab].closed = false;
        self.step(tab, Input::Boot, None);
    }

    /// An administrator ends a session.
    pub fn kick_out(&mut self, which: usize) {
        if let Some(&session) = self.server.live.iter().nth(which % self.server.live.len().max(1)) {
            self.server.live.remove(&session);
        }
    }

    pub fn jump_wall_clock(&mut self, by: i64) {
        self.wall_offset = self.wall_offset.saturating_add_signed(by);
    }

    pub fn grant_lock(&mut self) {
        let free = !self.locks || self.tabs.iter().all(|tab| tab.holds.is_none());
        if free && let Some((tab, turn, waited)) = self.queue.pop_front() {
            self.tabs[tab].holds = self.locks.then_some(turn);
            self.step(tab, Input::LockWon { turn, waited }, None);
        }
    }

    pub fn deliver_announcement(&mut self, tab: usize) {
        if !self.tabs[tab].hidden
            && let Some((announcement, token)) = self.tabs[tab].inbox.pop_front()
        {
            self.step(tab, Input::Peer(announcement), token);
        }
    }

    pub fn lose_announcement(&mut self, tab: usize) {
        self.tabs[tab].inbox.pop_front();
    }

    /// A request reaches the server.
    pub fn serve(&mut self, which: usize) {
        let waiting = self.requests.iter().filter(|r| r.answer.is_none()).count();
        let time = self.time;
        let Some(nth) = which.checked_rem(waiting) else { return };
        let index =
            self.requests.iter().enumerate().filter(|(_, r)| r.answer.is_none()).nth(nth).map(|(i, _)| i);
        let Some(index) = index else { return };
        let (asked, cookie, hint) = {
            let request = &self.requests[index];
            (request.asked, request.cookie, request.hint)
        };
        let answer = self.server.answer(asked, cookie, hint, time);
        self.requests[index].answer = Some(answer);
    }

    /// The browser's network process takes in the cookies; the page hears of the answer later.
    pub fn set_cookies(&mut self, which: usize) {
        let answered: Vec<usize> = self.answered();
        let Some(nth) = which.checked_rem(answered.len()) else { return };
        self.apply_cookies(answered[nth]);
    }

    fn answered(&self) -> Vec<usize> {
        (0..self.requests.len()).filter(|&i| self.requests[i].answer.is_some()).collect()
    }

    fn apply_cookies(&mut self, index: usize) {
        let cookies = self.requests[index].answer.as_mut().and_then(|answer| answer.cookies.take());
        if let Some(held) = cookies {
            self.put_into_jar(held, held.map(mark));
        }
    }

    /// The answer reaches the page.
    pub fn deliver(&mut self, which: usize) {
        let answered = self.answered();
        let Some(nth) = which.checked_rem(answered.len()) else { return };
        self.apply_cookies(answered[nth]);
        let request = self.requests.remove(answered[nth]);
        let Some(answer) = request.answer.filter(|_| !request.orphan) else { return };
        if let Input::Answered { call, answer: CallAnswer::Stale } = answer.input
            && let Some(call) = self.tabs[request.tab].calls.get_mut(&call)
        {
            call.refusals += 1;
        }
        self.step(request.tab, answer.input, answer.token);
    }

    /// The connection breaks, before or after the server did its work; `busy` is a 503 instead.
    pub fn fail(&mut self, which: usize, busy: bool) {
        let Some(index) = which.checked_rem(self.requests.len()) else { return };
        let request = self.requests.remove(index);
        if request.orphan {
            return;
        }
        let retry_after = busy.then_some(2_000);
        let input = match request.asked {
            Asked::Refresh { attempt, .. } => Input::RefreshAnswered {
                attempt,
                answer: RefreshAnswer::Failed { status: busy.then_some(503), retry_after },
            },
            Asked::Logout { attempt, .. } => {
                Input::LogoutAnswered { attempt, answer: LogoutAnswer::Failed { retry_after } }
            }
            Asked::SignIn { attempt } => Input::SignInAnswered { attempt, grant: None },
            Asked::Call { call, .. } => Input::Answered { call, answer: CallAnswer::Other },
        };
        self.step(request.tab, input, None);
    }

    /// Time passes; timers fire in order.
    pub fn advance(&mut self, by: u64) {
        let end = self.time + by;
        let fired: Vec<u64> = self.tabs.iter().map(|tab| tab.timers_fired).collect();
        loop {
            let next = (0..self.tabs.len())
                .filter(|&tab| !self.tabs[tab].hidden && !self.tabs[tab].closed)
                .filter_map(|tab| self.tabs[tab].timer.map(|at| (at, tab)))
                .min();
            let Some((at, tab)) = next.filter(|&(at, _)| at <= end) else { break };
            self.time = self.time.max(at);
            self.tabs[tab].timers_fired += 1;
            let allowed = 30 + by / 100;
            assert!(self.tabs[tab].timers_fired - fired[tab] < allowed, "tab {tab} spins");
            self.step(tab, Input::Deadline, None);
        }
        self.time = end;
        if self.time >= self.written + DISK_LAG {
            (self.disk, self.written) = ((self.cookie, self.hint), self.time);
        }
    }

    /// The network and the server are well again and everything is delivered: whatever was begun must end,
    /// and every tab must show what the cookie jar holds.
    pub fn settle(&mut self) {
        if self.tabs.iter().all(|tab| tab.closed) {
            self.reload(0);
        }
        for tab in 0..self.tabs.len() {
            if self.tabs[tab].hidden {
                self.hide_or_show(tab);
            }
        }
        self.run_well(150);
        (0..self.tabs.len()).for_each(|tab| self.wake(tab, false));
        self.run_well(20);
        // A late answer to an aborted renewal may put a dead session's cookies back. No tab falls for them.
        let held = self.cookie.filter(|session| self.server.live.contains(session));
        let shown = held.map(mark).filter(|&mark| self.hint == Some(mark));
        for (index, tab) in self.tabs.iter().enumerate().filter(|(_, tab)| !tab.closed) {
            assert!(tab.calls.values().all(|call| call.done), "tab {index} lost a call: {:?}", tab.calls);
            assert!(!tab.blank, "tab {index} stays blank");
            match *tab.engine.standing() {
                Standing::Somebody { who, badge, .. } => {
                    assert_eq!(Some(who.mark), shown, "tab {index} shows another account");
                    assert!(badge.is_some(), "tab {index} has no badge: {:?}", tab.engine);
                }
                Standing::Nobody { .. } => {
                    assert!(shown.is_none() || self.sign_in_crossed, "tab {index} shows nobody");
                }
            }
        }
        let mut still_live = self.signed_out.intersection(&self.server.live);
        assert!(
            still_live.all(|session| self.out_of_reach.contains(session)),
            "signed out, but alive on the server"
        );
        assert_eq!(self.owed, None, "a sign-out is owed for ever");
        // The next page load clears them away.
        self.reload(0);
        self.run_well(20);
        let held = self.cookie.filter(|session| self.server.live.contains(session));
        assert_eq!(self.hint, held.map(mark), "the hint outlived the session");
    }

    /// Half seconds in which everything that is sent arrives.
    fn run_well(&mut self, rounds: usize) {
        for _ in 0..rounds {
            for _ in 0..12 {
                self.grant_lock();
                self.serve(0);
                self.deliver(0);
                (0..self.tabs.len()).for_each(|tab| self.deliver_announcement(tab));
            }
            self.advance(500);
        }
    }
}
