//! The requirements of every connector, tested against its simulator: one set of tests for all.
//!
//! A connector gets it by one line, [`conformance!`](crate::conformance!), given a [`Subject`]: its simulator, adapted
//! to the suite. Only supported operations are tested. The engine's own behaviour is tested on Toybox.

mod bench;
mod ends;
mod provisioning;
mod syncing;

pub use bench::{Bench, answer_of, surroundings};
pub use ends::*;
pub use provisioning::*;
pub use syncing::*;

use async_trait::async_trait;
use rollcall_engine::runtime::function::{Entry, Operation};
use rollcall_simulators::{Fault, Request, Server};
use serde_json::{Value, json};

/// A connector's simulator, with a small world that has one of everything.
#[async_trait]
pub trait Subject: Sized + Send + Sync {
    const HAS_PAGES: bool = true;

    /// The error types that a 401 in the middle may have: not every vendor uses it only for bad credentials.
    const REFUSALS: &'static [&'static str] = &["Unauthenticated"];

    /// Texts that nobody may ever show: the tokens of the simulated world, and what tests put into secrets.
    const TOKENS: &'static [&'static str];

    async fn start() -> Self;
    /// The same vendor with the small sample world.
    async fn small() -> Self {
        Self::start().await
    }
    fn server(&self) -> &Server;
    fn entry() -> Entry;
    fn secret(&self) -> Value;
    /// The texts in it that must never be written anywhere.
    fn tokens(&self) -> Vec<String>;
    /// Lets lists have pages of this size; with `hollow`, each list begins with an empty page.
    fn split_pages(&self, size: usize, hollow: bool);
    /// Lets lists come in another order than documented.
    fn shuffle(&self, seed: u64);
    fn set_faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.server().set_faults(faults.into_iter().collect());
    }
    fn requests(&self) -> Vec<Request> {
        self.server().requests()
    }
    /// Whether a request changes nothing at the vendor, whatever its method.
    fn only_reads(request: &Request) -> bool {
        request.method == "GET"
    }
    fn clear_requests(&self) {
        self.server().clear_requests();
    }
    fn violations(&self) -> Vec<String> {
        self.server().violations()
    }
    /// The access in the simulated world, without versions and times.
    fn view(&self) -> Value;
    /// Lets a principal that grants name vanish from the lists, if this vendor can do that: gives its id.
    fn hide_principal(&self) -> Option<String> {
        None
    }
    /// Puts another customer behind the same address and key, or another address into the secret.
    fn become_another_tenant(&self);
    /// The minimum number of calls of a sync of this world.
    fn minimum_calls(&self) -> usize;
    /// Changes to make and take back; none if the connector only reads.
    fn cases() -> Vec<Case> {
        Vec::new()
    }

    /// An event that is good in the simulated world: alone, and after those of the operations before it.
    fn good(operation: Operation) -> Value {
        let mut event = match operation {
            Operation::Sync => return json!({}),
            Operation::Grant | Operation::Revoke => change_event(&Self::cases()[0], ""),
            Operation::CreateAccount => json!({"account": {"email": "new@example.com"}}),
            Operation::DeleteAccount => json!({"principal": Self::cases()[0].principal}),
        };
        event["request_id"] = operation.as_str().into();
        event
    }

    /// A good event with one field set.
    fn with(operation: Operation, field: &str, value: Value) -> Value {
        let mut event = Self::good(operation);
        event[field] = value;
        event
    }
}

#[derive(Debug, Clone)]
pub struct Case {
    pub entitlement: &'static str,
    pub principal: &'static str,
    /// What is different in the view when it was made and taken back, if anything is.
    pub leaves: Option<fn(&mut Value)>,
}

impl Case {
    /// A change that leaves everything as it was when it is taken back.
    pub fn new(entitlement: &'static str, principal: &'static str) -> Self {
        Self { entitlement, principal, leaves: None }
    }
}

#[macro_export]
macro_rules! conformance {
    ($subject:ty) => {
        $crate::conformance!($subject:
            the_same_world_gives_the_same_bytes,
            lists_may_come_in_pages_of_any_size_and_in_any_order,
            whatever_goes_wrong_once_at_each_call_changes_nothing,
            an_outage_or_a_refusal_after_any_call_publishes_nothing,
            a_list_that_goes_in_a_circle_publishes_nothing,
            a_list_whose_cursor_is_lost_starts_over,
            a_sync_of_one_step_at_a_time_ends_like_an_uninterrupted_one,
            no_more_calls_are_made_than_needed,
            nothing_secret_is_written,
            a_principal_that_nobody_lists_becomes_a_stub,
            another_tenant_behind_the_same_connection_fails,
            an_independent_reader_finds_nothing_wrong,
            a_change_is_rehearsed_then_made_once_and_taken_back,
            a_change_survives_whatever_goes_wrong_once_at_each_call,
            a_temporary_grant_ends_as_if_it_had_not_been,
            a_temporary_grant_ends_wherever_a_process_is_killed,
        );
    };
    ($subject:ty: $($name:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                $crate::conformance::$name::<$subject>().await;
            }
        )*
    };
}
