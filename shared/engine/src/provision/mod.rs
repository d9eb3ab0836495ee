//! Changes access safely: reads first, changes the least, reads again, and keeps a record.

mod answer;
mod audit;
mod end;
mod order;
mod postpone;
mod run;
mod writer;

pub use end::end;
pub use order::Order;
pub use run::run;
