//! The lists of both APIs, and the ids of their rows.

use std::marker::PhantomData;

use rollcall_connector::http::Call;
use serde::de::DeserializeOwned;

use super::objects::{Account, Assignment, Group, Permission, Role, SearchRow, Space};
use super::{v1, v2};

/// How a list is paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paging {
    /// The user search: by offset, or by cursor if a link has one. Only an empty page is a reliable end.
    Search,
    /// Other lists of the API v1: by offset. Without a link to the next page, a page is the last one.
    V1,
    /// The API v2: by cursor. Without a link to the next page, a page is the last one.
    V2,
}

/// A list of the vendor's, with rows of this type.
pub(crate) struct List<T> {
    pub(super) call: Call,
    pub(super) paging: Paging,
    rows: PhantomData<fn() -> T>,
}

impl<T> List<T> {
    pub(super) fn new(paging: Paging, call: Call) -> Self {
        Self { call, paging, rows: PhantomData }
    }
}

/// `GET /wiki/rest/api/search/user`: guests included, deactivated accounts never. Paging by `start` is documented, but
/// searches of the same API are known to ignore it and to put a cursor in the link to the next page.
pub(crate) fn user_search() -> List<SearchRow> {
    let call =
        v1(&["search", "user"]).query("cql", "type=user").query("sitePermissionTypeFilter", "all");
    List::new(Paging::Search, call)
}

/// `GET /wiki/rest/api/group`
pub(crate) fn groups() -> List<Group> {
    List::new(Paging::V1, v1(&["group"]))
}

/// `GET /wiki/rest/api/group/{id}/membersByGroupId`: for a group that does not exist, an empty list with status 200.
pub(crate) fn members_of(group: &str) -> List<Account> {
    List::new(Paging::V1, v1(&["group", group, "membersByGroupId"]))
}

/// `GET /wiki/rest/api/user/memberof`: the groups of a user.
pub(crate) fn groups_of(account: &str) -> List<Group> {
    let call = v1(&["user", "memberof"]).query("accountId", account);
    List::new(Paging::V1, call)
}

/// `GET /wiki/api/v2/spaces`: those that the caller can see.
pub(crate) fn spaces() -> List<Space> {
    List::new(Paging::V2, v2(&["spaces"]))
}

/// `GET /wiki/api/v2/spaces/{id}/permissions`
pub(crate) fn permissions_on(space: &str) -> List<Permission> {
    List::new(Paging::V2, v2(&["spaces", space, "permissions"]))
}

/// `GET /wiki/api/v2/space-roles`: fourteen at most.
pub(crate) fn site_roles() -> List<Role> {
    List::new(Paging::V2, v2(&["space-roles"]))
}

/// `GET /wiki/api/v2/spaces/{id}/role-assignments`: nearly always one page.
pub(crate) fn assignments_on(space: &str) -> List<Assignment> {
    List::new(Paging::V2, v2(&["spaces", space, "role-assignments"]))
}

/// A row of a list.
pub(crate) trait ListRow: DeserializeOwned {
    /// The id that distinguishes the row from others.
    fn key(&self) -> String;
}

macro_rules! keys {
    ($($row:ident by $key:expr;)*) => {$(
        impl ListRow for $row {
            fn key(&self) -> String {
                let key: fn(&Self) -> String = $key;
                key(self)
            }
        }
    )*};
}

keys! {
    Group by |group| group.id.clone();
    Account by |account| account.account_id.clone();
    SearchRow by |row| row.user.get().map(ListRow::key).unwrap_or_default();
    Space by |space| space.id.clone();
    Permission by |row| row.id.clone();
    Role by |role| role.id.clone();
    Assignment by |held| format!("{}:{}", held.principal.principal_type, held.principal.principal_id);
}
