//! What the tests share: a Lambda Runtime API, functions in front of it, a local AWS, an interpreter of workflows; and of
//! the tests of connectors all that is the same for each.

pub mod bad_input;
pub mod changes;
pub mod conformance;
pub mod function;
pub mod http;
pub mod lambda;
pub mod lines;
pub mod moto;
pub mod process;
pub mod runtime_api;
pub mod shown;
pub mod states;

pub use bad_input::events;

/// Makes a test of each of these requirements of one of our modules.
#[doc(hidden)]
#[macro_export]
macro_rules! each_a_test {
    ($module:ident::<$subject:ty>: $($name:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                $crate::$module::$name::<$subject>().await;
            }
        )*
    };
}
