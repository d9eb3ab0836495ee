//! The end-to-end tests of the Elastic connector, against its simulator.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod answers;
mod calls;
mod changes;
mod complete;
mod configuration;
mod events;
mod worked_example;
mod world;

use rollcall_harness::conformance::Bench;
use world::{Several, Simulated};

type Desk = Bench<Simulated>;

mod conformance {
    rollcall_harness::conformance!(crate::Simulated);
}

mod lambda {
    rollcall_harness::lambda!(crate::Simulated, "elastic": "sync", "grant", "revoke");
}

/// Of that, what could depend on the number of deployments.
mod conformance_of_several {
    rollcall_harness::conformance!(crate::Several:
        lists_may_come_in_pages_of_any_size_and_in_any_order,
        a_sync_of_one_step_at_a_time_ends_like_an_uninterrupted_one,
        no_more_calls_are_made_than_needed,
        nothing_secret_is_written,
        another_tenant_behind_the_same_connection_fails,
        an_independent_reader_finds_nothing_wrong,
        a_change_is_rehearsed_then_made_once_and_taken_back,
    );
}

/// The rows of a table in a text: a line each, with ` | ` between the columns. Lines that begin with `#` are comments.
fn rows<const N: usize>(table: &str) -> impl Iterator<Item = [&str; N]> {
    let lines = table.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let columns: Vec<&str> = line.split(" | ").map(str::trim).collect();
        let columns = columns.try_into();
        columns.unwrap_or_else(|_| panic!("not {N} columns: {line}"))
    })
}
