//! The sync engine: runs a connector's steps, stores their output, finishes and publishes.

mod answer;
mod checkpoint;
mod commit;
mod expand;
mod finish;
mod frontier;
mod journal;
mod postpone;
mod publish;
mod run;
mod sql;
mod warnings;
mod work;

#[cfg(test)]
mod restarts;

pub use run::run;
