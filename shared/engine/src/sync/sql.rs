//! Short forms for SQLite on the scratch disk. All statements are cached.

use rollcall_snapshot::ScratchError;
use rusqlite::types::FromSql;
use rusqlite::{Connection, Params, Row};

/// Runs a statement. Returns the number of rows that it changed.
pub(super) fn run(db: &Connection, sql: &str, params: impl Params) -> Result<usize, ScratchError> {
    Ok(db.prepare_cached(sql)?.execute(params)?)
}

/// Runs several statements.
pub(super) fn batch(db: &Connection, sql: &str) -> Result<(), ScratchError> {
    Ok(db.execute_batch(sql)?)
}

/// The value in the only column of the only row.
pub(super) fn value<T: FromSql>(
    db: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<T, ScratchError> {
    Ok(db.prepare_cached(sql)?.query_row(params, |row| row.get(0))?)
}

/// All rows.
pub(super) fn all<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, ScratchError> {
    let mut select = db.prepare_cached(sql)?;
    let rows = select.query_map(params, read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Calls `f` with each row.
pub(super) fn each<E: From<ScratchError>>(
    db: &Connection,
    sql: &str,
    mut f: impl FnMut(&Row<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut select = db.prepare_cached(sql).map_err(ScratchError::from)?;
    let mut rows = select.query([]).map_err(ScratchError::from)?;
    while let Some(row) = rows.next().map_err(ScratchError::from)? {
        f(row)?;
    }
    Ok(())
}

/// The text in a column.
pub(super) fn text<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str, ScratchError> {
    Ok(row.get_ref(column)?.as_str()?)
}

/// The text in a column, if there is one.
pub(super) fn optional<'a>(
    row: &'a Row<'_>,
    column: usize,
) -> Result<Option<&'a str>, ScratchError> {
    Ok(row.get_ref(column)?.as_str_or_null()?)
}

/// The bytes in a column, if there are any.
pub(super) fn blob<'a>(row: &'a Row<'_>, column: usize) -> Result<Option<&'a [u8]>, ScratchError> {
    Ok(row.get_ref(column)?.as_blob_or_null()?)
}
