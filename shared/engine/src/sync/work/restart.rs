//! Restarts a list: its output so far is dropped, and so are the lists that only it led to.

use rollcall_connector::{Code, Error, ErrorType};
use rollcall_snapshot::ScratchError;
use rusqlite::{Connection, OptionalExtension};

use super::schema::OUTPUT_TABLES;
use crate::sync::sql::{batch, run};

/// A list that is restarted more often than this will not end.
const MAX_RESTARTS: u32 = 2;

/// Restarts the list of `step`. `false`: the list no longer exists.
pub(super) fn restart(tx: &Connection, step: i64) -> Result<bool, Error> {
    let Some((root, restarts, body)) = root(tx, step)? else {
        return Ok(false);
    };
    if restarts >= MAX_RESTARTS {
        let times = restarts + 1;
        return Err(Error::new(
            ErrorType::Unavailable,
            Code::EndlessList,
            format!("the vendor lost the position in the list {body} {times} times"),
            "Run again when the vendor is less busy.",
        )
        .with_run_restart());
    }
    start_over(tx, root)?;
    rebuild_names(tx)?;
    Ok(true)
}

/// The first step of the list of `step`: its id, how often it was restarted, and its body.
fn root(tx: &Connection, step: i64) -> Result<Option<(i64, u32, String)>, ScratchError> {
    let sql = "SELECT root.id, root.restarts, root.body FROM steps JOIN steps root ON root.id = steps.list
               WHERE steps.id = ?1";
    let row = tx.query_row(sql, [step], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    Ok(row.optional()?)
}

fn start_over(tx: &Connection, root: i64) -> Result<(), ScratchError> {
    batch(
        tx,
        "CREATE TEMP TABLE IF NOT EXISTS dropped(list INTEGER PRIMARY KEY); DELETE FROM dropped;",
    )?;
    run(tx, "INSERT INTO dropped VALUES (?1)", [root])?;
    // Lists that it led to and no other list wants are dropped too.
    let led_to = "INSERT INTO dropped SELECT DISTINCT child FROM wanted
                  WHERE list IN (SELECT list FROM dropped) AND child NOT IN (SELECT list FROM dropped)
                  AND NOT EXISTS (SELECT 1 FROM wanted AS other WHERE other.child = wanted.child
                                  AND other.list NOT IN (SELECT list FROM dropped))";
    while run(tx, led_to, [])? > 0 {}
    for table in OUTPUT_TABLES.into_iter().chain(["wanted"]) {
        let sql = format!("DELETE FROM {table} WHERE list IN (SELECT list FROM dropped)");
        run(tx, &sql, [])?;
    }
    let sql = "DELETE FROM steps WHERE list IN (SELECT list FROM dropped) AND id <> ?1";
    run(tx, sql, [root])?;
    let sql = "UPDATE steps SET state = 0, restarts = restarts + 1 WHERE id = ?1";
    run(tx, sql, [root])?;
    Ok(())
}

/// Fills the table of names from the remaining rows.
fn rebuild_names(tx: &Connection) -> Result<(), ScratchError> {
    batch(
        tx,
        "DELETE FROM names;
         INSERT OR IGNORE INTO names(type, id, state) SELECT type, id, CASE WHEN max(rank) < 2 THEN 3 ELSE 1 END
             FROM resources GROUP BY type, id;
         INSERT OR IGNORE INTO names(type, id, state) SELECT type, id, 2 FROM not_found;
         INSERT OR IGNORE INTO names(type, id, state) SELECT parent_type, parent_id, 0 FROM resources
             WHERE parent_type IS NOT NULL;
         INSERT INTO names(type, id, state, principal) SELECT DISTINCT type, id, 0, 1 FROM grants WHERE true
             ON CONFLICT DO UPDATE SET principal = 1;
         INSERT OR IGNORE INTO names(type, id, state) SELECT type, id, 0 FROM targets
             WHERE entitlement IN (SELECT entitlement FROM grants);",
    )
}
