//! The rows of a snapshot, one after the other: a visitor sees each, so that memory holds one.

use prost::{DecodeError, Message};
use rusqlite::types::{FromSqlResult, ValueRef};
use rusqlite::{Row, params_from_iter};

use crate::read::Snapshot;
use crate::record::{self, Entitlement, Grant, GrantColumns, GrantRest, Resource, ResourceType};
use rollcall_model::{Error, ResourceId};

/// Selects rows; a part that is `None` excludes none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only resources of this type, or entitlements and grants on them.
    pub resource_type: Option<String>,
    /// Only this resource, or entitlements and grants on it.
    pub resource: Option<ResourceId>,
    /// Only this entitlement, or grants of it.
    pub entitlement: Option<String>,
    /// Only grants to this principal.
    pub principal: Option<ResourceId>,
}

/// The columns of a grant in the order of [`Columns::grant`], which reads `expansion` last.
const GRANT_COLUMNS: &str = "external_id, entitlement_id, resource_type_id, resource_id,
    principal_resource_type_id, principal_resource_id, data, ";

/// A row of a snapshot. Its failures name the snapshot.
pub(crate) struct Columns<'a> {
    row: &'a Row<'a>,
    pub(crate) of: &'a Snapshot,
}

impl<'a> Columns<'a> {
    pub(crate) fn new(row: &'a Row<'a>, of: &'a Snapshot) -> Self {
        Self { row, of }
    }

    pub(crate) fn text(&self, column: usize) -> Result<&'a str, Error> {
        self.get(column, |value| value.as_str())
    }

    pub(crate) fn blob(&self, column: usize) -> Result<&'a [u8], Error> {
        self.get(column, |value| value.as_blob())
    }

    pub(crate) fn text_or_null(&self, column: usize) -> Result<Option<&'a str>, Error> {
        self.get(column, |value| value.as_str_or_null())
    }

    pub(crate) fn count(&self, column: usize) -> Result<u64, Error> {
        let n = self.get(column, |value| value.as_i64())?;
        Ok(u64::try_from(n).unwrap_or_default())
    }

    pub(crate) fn grant(&self) -> Result<GrantColumns<'a>, Error> {
        Ok(GrantColumns {
            id: self.text(0)?,
            entitlement: self.text(1)?,
            resource: (self.text(2)?, self.text(3)?),
            principal: (self.text(4)?, self.text(5)?),
            data: self.blob(6)?,
            expansion: self.get(7, |value| value.as_blob_or_null())?,
        })
    }

    fn get<T>(
        &self,
        column: usize,
        read: fn(ValueRef<'a>) -> FromSqlResult<T>,
    ) -> Result<T, Error> {
        let value = self.row.get_ref(column);
        let value = value.and_then(|value| Ok(read(value)?));
        value.map_err(|e| self.of.database(e))
    }

    /// Decodes a row of id and data.
    pub(crate) fn record<T>(
        &self,
        decode: fn(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<T, Error> {
        let (id, data) = (self.text(0)?, self.blob(1)?);
        decode(data).map_err(|e| self.of.bad_record(id, e))
    }
}

impl Snapshot {
    /// Shows every resource type to `visit`, in the file's order.
    pub fn resource_types<E: From<Error>>(
        &self,
        mut visit: impl FnMut(ResourceType) -> Result<(), E>,
    ) -> Result<(), E> {
        let (sql, values) = self.query("external_id, data", "v1_resource_types").in_order();
        self.each(&sql, &values, |row| visit(row.record(record::resource_type)?))
    }

    /// Shows every resource that `filter` admits to `visit`, in the file's order.
    pub fn resources<E: From<Error>>(
        &self,
        filter: &Filter,
        mut visit: impl FnMut(Resource) -> Result<(), E>,
    ) -> Result<(), E> {
        let resource = filter.resource.as_ref().map(ResourceId::to_string);
        let mut query = self.query("external_id, data", "v1_resources");
        query.equals("resource_type_id", filter.resource_type.as_deref());
        query.equals("external_id", resource.as_deref());
        let (sql, values) = query.in_order();
        self.each(&sql, &values, |row| visit(row.record(record::resource)?))
    }

    /// Shows every entitlement that `filter` admits to `visit`, in the file's order.
    pub fn entitlements<E: From<Error>>(
        &self,
        filter: &Filter,
        mut visit: impl FnMut(Entitlement) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut query = self.query("external_id, data", "v1_entitlements");
        query.on_resource(filter);
        query.equals("external_id", filter.entitlement.as_deref());
        let (sql, values) = query.in_order();
        self.each(&sql, &values, |row| visit(row.record(record::entitlement)?))
    }

    /// Shows every grant that `filter` admits to `visit`, in the file's order.
    pub fn grants<E: From<Error>>(
        &self,
        filter: &Filter,
        mut visit: impl FnMut(Grant) -> Result<(), E>,
    ) -> Result<(), E> {
        self.grant_rows(filter, |row| visit(self.grant(row)?))
    }

    /// Shows every grant to `visit`, in the order of entitlements and then principals. An index has it, so nothing is sorted.
    pub fn grants_by_entitlement<E: From<Error>>(
        &self,
        mut visit: impl FnMut(Grant) -> Result<(), E>,
    ) -> Result<(), E> {
        let query = self.query(&self.grant_columns(), "v1_grants");
        let order = "entitlement_id, principal_resource_type_id, principal_resource_id";
        let sql = format!("{} ORDER BY {order}", query.sql);
        self.each(&sql, &query.values, |row| visit(self.grant(&row.grant()?)?))
    }

    /// Shows the columns of every grant that `filter` admits.
    pub(crate) fn grant_rows<E: From<Error>>(
        &self,
        filter: &Filter,
        mut visit: impl FnMut(&GrantColumns<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let columns = self.grant_columns();
        let mut query = self.query(&columns, "v1_grants");
        query.on_resource(filter);
        query.equals("entitlement_id", filter.entitlement.as_deref());
        if let Some(principal) = &filter.principal {
            query.equals("principal_resource_type_id", Some(&principal.resource_type));
            query.equals("principal_resource_id", Some(&principal.id));
        }
        let (sql, values) = query.in_order();
        self.each(&sql, &values, |row| visit(&row.grant()?))
    }

    /// The columns that [`Columns::grant`] reads.
    pub(crate) fn grant_columns(&self) -> String {
        let expansion = match self.has_expansion {
            true => "expansion",
            false => "NULL",
        };
        format!("{GRANT_COLUMNS}{expansion}")
    }

    pub(crate) fn grant(&self, row: &GrantColumns<'_>) -> Result<Grant, Error> {
        record::grant(row).map_err(|e| self.bad_record(row.id, e))
    }

    pub(crate) fn rest(&self, row: &GrantColumns<'_>) -> Result<GrantRest, Error> {
        GrantRest::decode(row.data).map_err(|e| self.bad_record(row.id, e))
    }

    /// Decodes the record with this id, if there is one.
    pub(crate) fn find<T>(
        &self,
        table: &str,
        id: &str,
        decode: fn(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, Error> {
        let sql = format!(
            "SELECT external_id, data FROM {table} WHERE external_id = ?1 AND sync_id = ?2"
        );
        let mut found = None;
        self.each(&sql, &[id, &self.sync.sync_id], |row| {
            found = Some(row.record(decode)?);
            Ok::<_, Error>(())
        })?;
        Ok(found)
    }

    /// Runs a query and shows each row.
    pub(crate) fn each<E: From<Error>>(
        &self,
        sql: &str,
        values: &[&str],
        mut visit: impl FnMut(Columns<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |e| self.database(e);
        let mut statement = self.db.prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query(params_from_iter(values)).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            visit(Columns::new(row, self))?;
        }
        Ok(())
    }

    fn query(&self, columns: &str, table: &str) -> Query<'_> {
        Query {
            // The plus keeps SQLite from taking an index on the sync, which would select everything.
            sql: format!("SELECT {columns} FROM {table} WHERE +sync_id = ?1"),
            values: vec![&self.sync.sync_id],
        }
    }
}

/// A query with a condition for each part of a filter that is set, so that the indexes serve.
struct Query<'a> {
    sql: String,
    values: Vec<&'a str>,
}

impl<'a> Query<'a> {
    fn equals(&mut self, column: &str, value: Option<&'a str>) {
        if let Some(value) = value {
            self.values.push(value);
            let condition = format!(" AND {column} = ?{}", self.values.len());
            self.sql.push_str(&condition);
        }
    }

    /// Conditions on the resource of an entitlement or grant.
    fn on_resource(&mut self, filter: &'a Filter) {
        let resource = filter.resource.as_ref();
        self.equals("resource_type_id", filter.resource_type.as_deref());
        self.equals("resource_type_id", resource.map(|r| &*r.resource_type));
        self.equals("resource_id", resource.map(|r| &*r.id));
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

    #[test]
    fn filters_narrow_what_is_shown() {
        let snapshot = testing::open(&testing::world());
        let resources = |filter: Filter| {
            let mut ids = Vec::new();
            let visit = |r: Resource| -> Result<(), Error> {
                ids.push(r.id);
                Ok(())
            };
            snapshot.resources(&filter, visit).expect("readable");
            ids
        };
        let grants = |filter: Filter| {
            let mut ids = Vec::new();
            let visit = |g: Grant| -> Result<(), Error> {
                ids.push(g.id);
                Ok(())
            };
            snapshot.grants(&filter, visit).expect("readable");
            ids
        };
        let of_type = Filter { resource_type: Some("group".into()), ..Filter::default() };
        assert_eq!(resources(of_type), ["group:g1", "group:g2"]);
        let one = Filter { resource: Some(ResourceId::new("user", "u2")), ..Filter::default() };
        assert_eq!(resources(one), ["user:u2"]);
        assert!(resources(Filter::default()).len() > 4);

        let principal =
            Filter { principal: Some(ResourceId::new("user", "u2")), ..Filter::default() };
        let all =
            ["group:g1:member:user:u2", "group:g2:member:user:u2", "namespace:n1:write:user:u2"];
        assert_eq!(grants(principal.clone()), all);
        let both = Filter { entitlement: Some("group:g1:member".into()), ..principal };
        assert_eq!(grants(both), ["group:g1:member:user:u2"]);
        let on = Filter { resource: Some(ResourceId::new("namespace", "n1")), ..Filter::default() };
        assert_eq!(grants(on).len(), 4);
        // Derived grants are at the end of the file.
        let mut ids = Vec::new();
        let sorted = snapshot.grants_by_entitlement(|g| {
            ids.push((g.entitlement, g.principal));
            Ok::<_, Error>(())
        });
        sorted.expect("readable");
        assert!(ids.is_sorted() && ids.len() == grants(Filter::default()).len());
        let none = Filter { resource_type: Some("no such".into()), ..Filter::default() };
        assert!(grants(none).is_empty());
    }
}
