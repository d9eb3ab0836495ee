//! A request to stop soon, such as Ctrl-C and SIGTERM.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;

/// A request to stop soon: waits end, a sync saves what it has, and a change ends after the request under way. Cloning
/// shares it.
#[derive(Debug, Clone)]
pub struct Interrupt(Arc<watch::Sender<bool>>);

impl Default for Interrupt {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Interrupt {
    /// Requests a stop.
    pub fn raise(&self) {
        self.0.send_replace(true);
    }

    /// Whether a stop was requested.
    pub fn is_raised(&self) -> bool {
        *self.0.borrow()
    }

    /// Sleeps. The result is `false` if a stop is requested before the end.
    pub async fn sleep(&self, clock: &dyn Clock, time: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.raised() => false,
            () = clock.sleep(time) => true,
        }
    }

    /// Waits until a stop is requested.
    pub async fn raised(&self) {
        // The sender is `self`: the channel cannot be closed.
        let _ = self.0.subscribe().wait_for(|raised| *raised).await;
    }
}
