//! The rows of a snapshot, one after the other: a visitor sees each, and memory never holds two.

use prost::{DecodeError, Message};
use rusqlite::types::FromSqlError;
use rusqlite::{Row, Rows, params_from_iter};

use super::read::{ReadError, Snapshot};
use super::record::{self, Entitlement, Grant, GrantColumns, Resource, ResourceType, Rest};
use rollcall_model::{Error, ResourceId};

/// Which rows; a part that is `None` lets all pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only resources of this type, or what is held on such.
    pub resource_type: Option<String>,
    /// Only this resource, or what is held on it.
    pub resource: Option<ResourceId>,
    /// Only this entitlement, or grants of it.
    pub entitlement: Option<String>,
    /// Only grants to this principal.
    pub principal: Option<ResourceId>,
}

/// The columns of a grant in the order of [`Snapshot::columns`], which takes what is expandable last.
const GRANT_COLUMNS: &str = "external_id, entitlement_id, resource_type_id, resource_id,
    principal_resource_type_id, principal_resource_id, data, ";

impl Snapshot {
    /// Shows every resource type to `visit`, in the file's order.
    pub fn resource_types<E: From<Error>>(
        &self,
        mut visit: impl FnMut(ResourceType) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = "SELECT external_id, data FROM v1_resource_types WHERE sync_id = ?1 ORDER BY id";
        self.each(sql, &[&self.sync.sync_id], |row| {
            visit(self.decode(row, record::resource_type)?)
        })
    }

    /// Shows every resource that passes to `visit`, in the file's order.
    pub fn resources<E: From<Error>>(
        &self,
        filter: &Filter,
        mut visit: impl FnMut(Resource) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut query = Query::new("external_id, data", "v1_resources", &self.sync.sync_id);
        let resource = filter.resource.as_ref().map(ResourceId::to_string);
        query.equals("resource_type_id", filter.resource_type.as_deref());
        query.equals("external_id", resource.as_deref());
        let (sql, values) = query.in_order();
        self.each(&sql, &values, |row| {
            visit(self.decode(row, record::resource)?)
        })
    }

    /// Shows every entitlement that passes to `visit`, in the file's order.
    pub fn entitlements<E: From<Error>>(
        &self,
        filter: &Filter,
        mut visit: impl FnMut(Entitlement) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut query = Query::new("external_id, data", "v1_entitlements", &self.sync.sync_id);
        query.equals("resource_type_id", filter.resource_type.as_deref());
        query.is("resource_type_id", "resource_id", filter.resource.as_ref());
        query.equals("external_id", filter.entitlement.as_deref());
        let (sql, values) = query.in_order();
        self.each(&sql, &values, |row| {
            visit(self.decode(row, record::entitlement)?)
        })
    }

    /// Shows every grant that passes to `visit`, in the file's order.
    pub fn grants<E: From<Error>>(
        &self,
        filter: &Filter,
        mut visit: impl FnMut(Grant) -> Result<(), E>,
    ) -> Result<(), E> {
        self.grant_rows(filter, |row| visit(self.grant(row)?))
    }

    /// Shows the columns of every grant that passes.
    pub(super) fn grant_rows<E: From<Error>>(
        &self,
        filter: &Filter,
        mut visit: impl FnMut(&GrantColumns<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let wanted = self.grant_columns();
        let mut query = Query::new(&wanted, "v1_grants", &self.sync.sync_id);
        query.equals("resource_type_id", filter.resource_type.as_deref());
        query.is("resource_type_id", "resource_id", filter.resource.as_ref());
        query.equals("entitlement_id", filter.entitlement.as_deref());
        query.is(
            "principal_resource_type_id",
            "principal_resource_id",
            filter.principal.as_ref(),
        );
        let (sql, values) = query.in_order();
        self.each(&sql, &values, |row| visit(&self.columns(row)?))
    }

    /// The columns that [`Self::columns`] reads.
    pub(super) fn grant_columns(&self) -> String {
        let expansion = if self.has_expansion {
            "expansion"
        } else {
            "NULL"
        };
        format!("{GRANT_COLUMNS}{expansion}")
    }

    pub(super) fn columns<'a>(&self, row: &'a Row<'_>) -> Result<GrantColumns<'a>, Error> {
        let read = || -> rusqlite::Result<GrantColumns<'a>> {
            Ok(GrantColumns {
                id: text(row, 0)?,
                entitlement: text(row, 1)?,
                resource: (text(row, 2)?, text(row, 3)?),
                principal: (text(row, 4)?, text(row, 5)?),
                data: row.get_ref(6)?.as_blob()?,
                expansion: row.get_ref(7)?.as_blob_or_null()?,
            })
        };
        read().map_err(|e| self.database(e).into())
    }

    pub(super) fn grant(&self, row: &GrantColumns<'_>) -> Result<Grant, Error> {
        record::grant(row).map_err(|e| self.bad_record(row.id, e).into())
    }

    pub(super) fn rest(&self, row: &GrantColumns<'_>) -> Result<Rest, Error> {
        Rest::decode(row.data).map_err(|e| self.bad_record(row.id, e).into())
    }

    fn decode<T>(
        &self,
        row: &Row<'_>,
        decode: fn(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<T, Error> {
        let read = || -> rusqlite::Result<(&str, &[u8])> {
            Ok((text(row, 0)?, row.get_ref(1)?.as_blob()?))
        };
        let (id, data) = read().map_err(|e| self.database(e))?;
        decode(data).map_err(|e| self.bad_record(id, e).into())
    }

    /// Runs a query and shows each row.
    pub(super) fn each<E: From<Error>>(
        &self,
        sql: &str,
        values: &[&str],
        mut visit: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |e| Error::from(self.database(e));
        let mut statement = self.db.prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query(params_from_iter(values)).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            visit(row)?;
        }
        Ok(())
    }
}

/// The next row of a stream, its failure told as the snapshot's.
pub(super) fn next<'a, 's>(
    rows: &'a mut Rows<'s>,
    of: &Snapshot,
) -> Result<Option<&'a Row<'s>>, ReadError> {
    rows.next().map_err(|e| of.database(e))
}

pub(super) fn text<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<&'a str> {
    row.get_ref(column)?
        .as_str()
        .map_err(|e: FromSqlError| e.into())
}

/// A query that is put together from the parts of a filter that are there, so that the indexes serve.
struct Query<'a> {
    sql: String,
    values: Vec<&'a str>,
}

impl<'a> Query<'a> {
    fn new(columns: &str, table: &str, sync_id: &'a str) -> Self {
        Self {
            // The plus keeps SQLite from taking an index on the sync, which would select everything.
            sql: format!("SELECT {columns} FROM {table} WHERE +sync_id = ?1"),
            values: vec![sync_id],
        }
    }

    fn equals(&mut self, column: &str, value: Option<&'a str>) {
        if let Some(value) = value {
            self.values.push(value);
            self.sql
                .push_str(&format!(" AND {column} = ?{}", self.values.len()));
        }
    }

    fn is(&mut self, kind: &str, id: &str, resource: Option<&'a ResourceId>) {
        self.equals(kind, resource.map(|r| r.resource_type.as_str()));
        self.equals(id, resource.map(|r| r.id.as_str()));
    }

    fn in_order(mut self) -> (String, Vec<&'a str>) {
        self.sql.push_str(" ORDER BY id");
        (self.sql, self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn ids(visit: impl FnOnce(&mut Vec<String>) -> Result<(), Error>) -> Vec<String> {
        let mut ids = Vec::new();
        visit(&mut ids).expect("readable");
        ids
    }

    fn grants(snapshot: &Snapshot, filter: Filter) -> Vec<String> {
        ids(|ids| {
            snapshot.grants(&filter, |g| {
                ids.push(g.id);
                Ok(())
            })
        })
    }

    #[test]
    fn filters_narrow_what_is_shown() {
        let snapshot = testing::open(&testing::world());
        let resources = |filter: Filter| {
            ids(|ids| {
                snapshot.resources(&filter, |r| {
                    ids.push(r.id);
                    Ok(())
                })
            })
        };
        let of_type = Filter {
            resource_type: Some("group".into()),
            ..Filter::default()
        };
        assert_eq!(resources(of_type), ["group:g1", "group:g2"]);
        let one = Filter {
            resource: Some(ResourceId::new("user", "u2")),
            ..Filter::default()
        };
        assert_eq!(resources(one), ["user:u2"]);
        assert!(resources(Filter::default()).len() > 4);

        let principal = Filter {
            principal: Some(ResourceId::new("user", "u2")),
            ..Filter::default()
        };
        let all = [
            "group:g1:member:user:u2",
            "group:g2:member:user:u2",
            "namespace:n1:write:user:u2",
        ];
        assert_eq!(grants(&snapshot, principal.clone()), all);
        let both = Filter {
            entitlement: Some("group:g1:member".into()),
            ..principal
        };
        assert_eq!(grants(&snapshot, both), ["group:g1:member:user:u2"]);
        let on = Filter {
            resource: Some(ResourceId::new("namespace", "n1")),
            ..Filter::default()
        };
        assert_eq!(grants(&snapshot, on).len(), 4);
        let none = Filter {
            resource_type: Some("no such".into()),
            ..Filter::default()
        };
        assert!(grants(&snapshot, none).is_empty());
    }
}
