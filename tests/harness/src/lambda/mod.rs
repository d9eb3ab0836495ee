//! What the functions of every connector must hold, as Lambda runs them: a process in front of a Runtime API, a store in a
//! folder, secrets in files. One set of tests for all of them.
//!
//! A connector gets it by one line, [`lambda!`](crate::lambda!), given what says its [`Functions`].

mod aws;
mod changing;
mod deadlines;
mod syncing;

pub use aws::every_function_is_played_through_all_that_it_does_in_aws;
pub use changing::*;
pub use deadlines::*;
pub use syncing::*;

use std::path::Path;

use async_trait::async_trait;
use rollcall_engine::runtime::function::Operation;
use serde_json::Value;

use crate::conformance::Subject;
use crate::function::{Environment, Local, Output};

/// The functions of a connector, beside its simulator.
#[async_trait]
pub trait Functions: Subject {
    /// The binary of an operation that there is a function for.
    fn binary(operation: Operation) -> &'static str;
    /// The simulator with the small sample world, in which the sample events do what they show.
    async fn small() -> Self;
    /// Makes the vendor so slow, with pages so small, that a sync of the suite's world takes more than four seconds.
    fn slow(&self);
    /// Makes the vendor as fast as it gets, with pages as they are: these tests run in real time.
    fn fast(&self);

    /// The sample event of an operation.
    #[must_use]
    fn sample(operation: Operation) -> Value {
        let name = format!("{}-{}.json", Self::entry().about.name, operation.as_str());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
        let text = std::fs::read(path.join(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// An empty store, and a secret for the connection `default` to this simulator. Both are gone with it.
    fn beside(&self) -> Local {
        Local::new(Self::entry().about.name, &self.secret())
    }

    /// Starts a function that is led to this store and these secrets.
    async fn function(operation: Operation, local: &Local) -> Environment {
        Environment::start(Self::binary(operation), local.variables()).await
    }

    /// The same, with one variable more, or another value for it.
    async fn function_with(
        operation: Operation,
        local: &Local,
        name: &str,
        value: &str,
    ) -> Environment {
        let more = [(name.to_owned(), value.to_owned())];
        let variables = local.variables().into_iter().chain(more);
        Environment::start(Self::binary(operation), variables).await
    }

    /// Ends a function that must have told of each invocation, in its order, `done` or `failed`: by one line that sums it
    /// up and one of numbers; and no token is in anything it wrote.
    async fn end(&self, function: Environment, outcomes: &[&str]) -> Output {
        let output = function.end().await;
        let of = |lines: Vec<Value>, field: &str| -> Vec<Value> {
            lines.iter().map(|line| line[field].clone()).collect()
        };
        let said = of(output.summaries(), "message");
        assert_eq!(said, outcomes, "{:#?}", output.stdout);
        let failures = outcomes.iter().map(|said| u8::from(*said == "failed"));
        let counted = of(output.numbers(), "Failures");
        assert_eq!(
            counted,
            failures.collect::<Vec<_>>(),
            "{:#?}",
            output.stdout
        );
        for token in self.tokens() {
            assert!(!output.holds(&token), "a token is in the log");
        }
        assert_eq!(output.stderr, Vec::<String>::new());
        output
    }
}

/// The simulator of the suite, in real time.
async fn fast<S: Functions>() -> S {
    let vendor = S::start().await;
    vendor.fast();
    vendor
}

/// The small sample world, in real time.
async fn small<S: Functions>() -> S {
    let vendor = S::small().await;
    vendor.fast();
    vendor
}

/// The key of the pointer to the newest snapshot.
fn latest<S: Functions>() -> String {
    format!("latest/{}/default.json", S::entry().about.name)
}

/// Makes a test of every requirement, for one [`Functions`].
#[macro_export]
macro_rules! lambda {
    ($functions:ty) => {
        $crate::each_a_test!(lambda::<$functions>:
            every_sample_event_does_what_it_shows_in_the_small_sample_world,
            every_function_does_its_sample_event_and_tells_of_it,
            every_function_is_played_through_all_that_it_does_in_aws,
            a_sync_publishes_and_tells_what_it_did,
            a_malformed_event_is_told_to_lambda_and_keeps_the_environment,
            the_token_is_in_no_log_however_much_is_logged,
            one_environment_serves_one_invocation_after_another,
            the_deadline_of_an_emulator_says_nothing,
            a_configured_timeout_stands_in_for_a_deadline_that_says_nothing,
            a_sync_cut_by_its_deadline_is_finished_by_another_process,
            a_deadline_that_leaves_hardly_any_time_still_gets_a_sync_on,
        );
    };
}
