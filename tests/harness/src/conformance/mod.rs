//! What every connector must hold, against its simulator: one set of tests for all of them.
//!
//! A connector gets it by one line, [`conformance!`](crate::conformance!), given a [`Subject`]: its simulator, dressed for the
//! suite. What a connector cannot do is not tested; what it can, is.

mod bench;
mod provisioning;
mod syncing;

pub use bench::{Bench, answer_of};
pub use provisioning::*;
pub use syncing::*;

use async_trait::async_trait;
use rollcall_engine::runtime::function::Entry;
use rollcall_simulators::{Fault, Request};
use serde_json::Value;

/// A connector's simulator, with a small world that has one of everything.
#[async_trait]
pub trait Subject: Sized + Send + Sync {
    /// Whether this vendor's lists come in pages.
    const HAS_PAGES: bool = true;

    /// What a 401 in the middle may be taken for: not every vendor has it for bad credentials alone.
    const REFUSALS: &'static [&'static str] = &["Unauthenticated"];

    /// Starts the simulator.
    async fn start() -> Self;
    /// The connector.
    fn entry() -> Entry;
    /// The secret of a connection to this simulator.
    fn secret(&self) -> Value;
    /// The texts in it that nobody may ever write down.
    fn tokens(&self) -> Vec<String>;
    /// Lets lists have pages of this size; with `hollow`, each list begins with an empty page that goes on.
    fn split_pages(&self, size: usize, hollow: bool);
    /// Lets lists come in another order than documented.
    fn shuffle(&self, seed: u64);
    /// What goes wrong from now on, and nothing else.
    fn set_faults(&self, faults: Vec<Fault>);
    /// The requests so far.
    fn requests(&self) -> Vec<Request>;
    /// Whether a request changes nothing at the vendor, whatever its method.
    fn only_reads(request: &Request) -> bool {
        request.method == "GET"
    }
    /// Forgets the requests so far.
    fn clear_requests(&self);
    /// What was sent that the vendor does not document.
    fn violations(&self) -> Vec<String>;
    /// Who has what in the simulated world, without versions and times.
    fn view(&self) -> Value;
    /// Lets a principal that grants name vanish from the lists without their noticing, if this vendor can do that: gives
    /// its id.
    fn hide_principal(&self) -> Option<String>;
    /// Lets most of the world vanish.
    fn lose_nearly_everything(&self);
    /// Puts another customer behind the same address and key, or another address into the secret.
    fn become_another_tenant(&self);
    /// The number of calls that a sync of this world takes at least.
    fn minimum_calls(&self) -> usize;
    /// Grants to try.
    fn cases() -> Vec<Case>;
}

/// A grant to try.
#[derive(Debug, Clone)]
pub struct Case {
    /// What.
    pub entitlement: &'static str,
    /// To whom.
    pub principal: &'static str,
    /// What its revocation leaves.
    pub leaves: Leaves,
}

/// What the revocation of a fresh grant leaves.
#[derive(Debug, Clone, Copy)]
pub enum Leaves {
    /// Everything as it was before the grant.
    AsBefore,
    /// This change of the world, made to the view before the grant.
    Changed(fn(&mut Value)),
}

/// Makes a test of every requirement, for one [`Subject`].
#[macro_export]
macro_rules! conformance {
    ($subject:ty) => {
        $crate::each_a_test!(conformance::<$subject>:
            the_same_world_gives_the_same_bytes,
            pages_may_be_split_any_way,
            the_order_of_answers_changes_nothing,
            every_fault_at_every_call_recovers_or_publishes_nothing,
            a_refusal_halfway_publishes_nothing,
            a_list_that_goes_in_a_circle_publishes_nothing,
            a_list_whose_cursor_is_lost_starts_over,
            a_sync_cut_at_any_step_ends_like_an_uninterrupted_one,
            a_long_rate_limit_is_waited_for_outside,
            no_more_calls_are_made_than_needed,
            nothing_is_sent_that_the_vendor_does_not_document,
            nothing_secret_is_written,
            a_principal_that_nobody_lists_becomes_a_stub,
            a_sudden_loss_is_held_until_accepted,
            another_tenant_behind_the_same_connection_fails,
            two_runs_of_a_connection_exclude_each_other,
            a_pointer_that_was_not_moved_is_moved_by_asking_again,
            a_run_that_failed_is_gone_on_with_by_its_id,
            an_independent_reader_finds_nothing_wrong,
            the_unexpanded_snapshot_says_the_same,
            granting_twice_is_granting_once,
            a_revoke_leaves_what_it_says,
            a_repeated_request_is_answered_from_its_record,
            a_dry_run_changes_nothing_and_says_the_same,
            every_fault_of_a_write_is_survived_by_sending_it_again,
            a_write_to_another_tenant_is_refused,
        );
    };
}
