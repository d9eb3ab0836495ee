//! Changing access, safely: read first, change the least, look again, and leave a record.

mod answer;
mod audit;
mod order;
mod postpone;
mod run;
mod writer;

pub use order::Order;
pub use run::run;
