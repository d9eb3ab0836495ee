//! The Lambda function `confluence-grant`.

rollcall_engine::function!(rollcall_confluence::Confluence, Grant);
