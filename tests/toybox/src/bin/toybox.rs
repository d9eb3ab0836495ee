//! All functions of Toybox in one binary, for the tests: it is the function that Lambda's variable names.

use rollcall_engine::runtime::function::Operation;
use rollcall_engine::runtime::lambda::{RuntimeError, sync, write};
use rollcall_toybox::Toybox;

fn main() -> Result<(), RuntimeError> {
    match std::env::var("AWS_LAMBDA_FUNCTION_NAME").as_deref() {
        Ok("toybox-grant") => write::<Toybox>(Operation::Grant),
        Ok("toybox-revoke") => write::<Toybox>(Operation::Revoke),
        _ => sync::<Toybox>(),
    }
}
