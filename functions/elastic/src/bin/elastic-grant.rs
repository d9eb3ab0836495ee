//! The Lambda function `elastic-grant`.

rollcall_engine::function!(rollcall_elastic::Elastic, Grant);
