//! Every connector, in one list.

use rollcall_engine::runtime::function::Entry;

macro_rules! connectors {
    ($($name:ident),* $(,)?) => {
        $(pub use $name;)*

        /// Every connector.
        pub fn all() -> Vec<Entry> {
            vec![$($name::entry()),*]
        }
    };
}
include!("connectors.rs");
