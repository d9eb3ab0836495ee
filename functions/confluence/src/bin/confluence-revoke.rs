//! The Lambda function `confluence-revoke`.

rollcall_engine::function!(rollcall_confluence::Confluence, Revoke);
