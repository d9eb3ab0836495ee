//! The Lambda function `northflank-sync`.

rollcall_engine::function!(rollcall_northflank::Northflank, Sync);
