//! A list that starts over: what it brought so far is dropped, and what only it led to.

use rollcall_connector::Code;
use rusqlite::{OptionalExtension, Transaction};

use super::work::BROUGHT;
use rollcall_connector::{Error, ErrorType};
use rollcall_snapshot::scratch;

/// A list that starts over more often than this is not going to end.
const MAX_RESTARTS: u32 = 2;

/// Starts the list of `step` over. `false`: there is no such list any more.
pub(super) fn restart(tx: &Transaction<'_>, step: i64) -> Result<bool, Error> {
    let sql = "SELECT root.id, root.restarts, root.body FROM steps JOIN steps root ON root.id = steps.list
               WHERE steps.id = ?1";
    let root: Option<(i64, u32, String)> = tx
        .query_row(sql, [step], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()
        .map_err(scratch)?;
    let Some((root, restarts, body)) = root else {
        return Ok(false);
    };
    if restarts >= MAX_RESTARTS {
        let times = restarts + 1;
        return Err(Error::new(
            ErrorType::Unavailable,
            Code::EndlessList,
            format!("the vendor lost the place in the list {body} {times} times"),
            "Run again when the vendor is calmer.",
        )
        .restarting_run());
    }
    start_over(tx, root).map_err(scratch)?;
    Ok(true)
}

fn start_over(tx: &Transaction<'_>, root: i64) -> rusqlite::Result<()> {
    tx.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS dropped(list INTEGER PRIMARY KEY);
         DELETE FROM dropped;",
    )?;
    tx.execute("INSERT INTO dropped VALUES (?1)", [root])?;
    // With it goes what it led to and nothing else wants.
    let led_to = "INSERT INTO dropped SELECT DISTINCT child FROM wanted
                  WHERE list IN (SELECT list FROM dropped) AND child NOT IN (SELECT list FROM dropped)
                  AND NOT EXISTS (SELECT 1 FROM wanted AS other WHERE other.child = wanted.child
                                  AND other.list NOT IN (SELECT list FROM dropped))";
    while tx.execute(led_to, [])? > 0 {}
    for table in BROUGHT {
        let sql = format!("DELETE FROM {table} WHERE list IN (SELECT list FROM dropped)");
        tx.execute(&sql, [])?;
    }
    tx.execute(
        "DELETE FROM wanted WHERE list IN (SELECT list FROM dropped)",
        [],
    )?;
    tx.execute(
        "DELETE FROM steps WHERE list IN (SELECT list FROM dropped) AND id <> ?1",
        [root],
    )?;
    tx.execute(
        "UPDATE steps SET state = 0, restarts = restarts + 1 WHERE id = ?1",
        [root],
    )?;
    rebuild_names(tx)
}

/// Who is named, listed and gone, from what is left.
fn rebuild_names(tx: &Transaction<'_>) -> rusqlite::Result<()> {
    tx.execute_batch(
        "DELETE FROM names;
         INSERT OR IGNORE INTO names(type, id, state) SELECT type, id, CASE WHEN max(rank) < 2 THEN 3 ELSE 1 END
             FROM resources GROUP BY type, id;
         INSERT OR IGNORE INTO names(type, id, state) SELECT type, id, 2 FROM gone;
         INSERT OR IGNORE INTO names(type, id, state) SELECT parent_type, parent_id, 0 FROM resources
             WHERE parent_type IS NOT NULL;
         INSERT INTO names(type, id, state, principal) SELECT DISTINCT type, id, 0, 1 FROM grants WHERE true
             ON CONFLICT DO UPDATE SET principal = 1;
         INSERT OR IGNORE INTO names(type, id, state) SELECT type, id, 0 FROM targets
             WHERE entitlement IN (SELECT entitlement FROM grants);",
    )
}
