//! The lease of an agent, and the state in it.

use jiff::Timestamp;
use rollcall_connector::Error;
use rollcall_connector::clock::after;
use rollcall_engine::context::Context;
use rollcall_engine::store::lease::Lease;
use tokio::sync::Mutex;

use crate::agent::TICK;
use crate::state::{AgentState, OpenTask};

/// The lease and the state in it, shared by the tasks that are worked on.
pub(crate) struct Desk<'a> {
    cx: &'a Context,
    content: Mutex<(Lease<AgentState>, AgentState, Timestamp)>,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(cx: &'a Context, lease: Lease<AgentState>) -> Self {
        let state = lease.state().cloned().unwrap_or_default();
        Self { cx, content: Mutex::new((lease, state, cx.clock.now())) }
    }

    pub(crate) async fn state(&self) -> AgentState {
        self.content.lock().await.1.clone()
    }

    /// Changes the state and stores it, which renews the lease.
    pub(crate) async fn save(&self, change: impl FnOnce(&mut AgentState)) -> Result<(), Error> {
        let (lease, state, saved_at) = &mut *self.content.lock().await;
        change(state);
        let (store, clock) = (&*self.cx.store, &*self.cx.clock);
        lease.update(store, clock, self.cx.lease_duration(), state.clone()).await?;
        *saved_at = clock.now();
        Ok(())
    }

    /// Renews the lease of a process without a deadline, if that is due.
    pub(crate) async fn renew(&self) -> Result<(), Error> {
        let saved_at = self.content.lock().await.2;
        match self.cx.deadline.is_none() && after(saved_at, TICK) <= self.cx.clock.now() {
            true => self.save(|_| {}).await,
            false => Ok(()),
        }
    }

    /// Stores the state and gives the lease back.
    pub(crate) async fn close(&self) -> Result<Vec<OpenTask>, Error> {
        let (lease, state, _) = &mut *self.content.lock().await;
        lease.suspend(&*self.cx.store, self.cx.clock.now(), state.clone()).await?;
        Ok(state.open.clone())
    }
}
