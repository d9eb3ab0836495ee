//! The Lambda function `confluence-sync`.

rollcall_engine::function!(rollcall_confluence::Confluence, Sync);
