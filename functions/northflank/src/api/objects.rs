//! The vendor's objects, with the fields that are read. The documentation's examples omit fields that it calls
//! required: only ids are required here.

use rollcall_connector::http::lenient::{Lenient, Time, or_default, unreadable};
use serde::Deserialize;

/// A row of a list.
pub(crate) trait ListRow {
    /// Its id, if it has one.
    fn id(&self) -> Option<&str>;

    /// The fields that are not in the documented form and were left out.
    fn unreadable(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

/// Rows with an id: first the fields that affect no access and may be unreadable, with their names, then the others.
macro_rules! row {
    ($(#[$doc:meta])* $row:ident { $($field:ident: $type:ty = $name:literal,)* }
     $($(#[$attr:meta])* $strict:ident: $strict_type:ty,)* $(; |$this:ident| [$($also:tt)*])?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        pub(crate) struct $row {
            pub(crate) id: String,
            $(#[serde(default, rename = $name)]
            pub(crate) $field: Lenient<$type>,)*
            $($(#[$attr])*
            pub(crate) $strict: $strict_type,)*
        }

        impl ListRow for $row {
            fn id(&self) -> Option<&str> {
                Some(&self.id)
            }

            fn unreadable(&self) -> Vec<&'static str> {
                $(let $this = self;)?
                unreadable([$(($name, self.$field.is_unreadable()),)* $($($also)*)?])
            }
        }
    };
}

#[derive(Debug, Deserialize)]
pub(super) struct Enveloped<T> {
    pub(super) data: T,
    #[serde(default)]
    pub(super) pagination: Option<Pagination>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Pagination {
    #[serde(rename = "hasNextPage")]
    pub(super) has_next_page: bool,
    #[serde(default)]
    pub(super) cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Members<T> {
    pub(super) members: Vec<T>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Roles {
    pub(super) roles: Vec<Role>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Groups {
    #[serde(rename = "directoryGroups")]
    pub(super) groups: Vec<Group>,
}

/// A token's properties.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Token {
    #[serde(default)]
    pub(crate) name: Lenient<String>,
    /// The id of the organization or the team.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) entity_uid: String,
    /// `org` or `team`.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) entity_type: String,
    #[serde(default)]
    pub(crate) expires_at: Lenient<Time>,
}

rollcall_connector::unreadable_fields! { Token { "name": name, "expiresAt": expires_at } }

row!(
    /// Somebody in the organization; `finalized` if the account is set up.
    Member {
        name: String = "name",
        emails: Vec<Lenient<Email>> = "emails",
        joined_at: Time = "joinedAt",
        finalized: bool = "finalized",
    }
    ; |member| [
        ("emails", member.emails.get().into_iter().flatten().any(Lenient::is_unreadable)),
    ]
);

/// An address.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Email {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) address: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) verified: bool,
}

row!(
    /// A role.
    Role {
        name: String = "name",
        description: String = "description",
        restrictions: Restrictions = "restrictions",
        created_at: Time = "createdAt",
        updated_at: Time = "updatedAt",
    }
    /// The linked groups: their members have the role.
    #[serde(default, rename = "directoryGroups", deserialize_with = "or_default")]
    directory_groups: Vec<String>,
);

/// The scope of a role.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Restrictions {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) enabled: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) teams: Vec<RestrictedTeam>,
}

/// A team in a role's scope.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RestrictedTeam {
    #[serde(default, rename = "teamId", deserialize_with = "or_default")]
    pub(crate) team_id: String,
}

row!(
    /// Somebody who has a role: `explicit`, or `implicit` through a group.
    RoleMember {}
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    kind: String,
);

row!(
    /// A group of the identity provider.
    Group {
        name: String = "name",
        idp_id: String = "idpId",
        created_at: Time = "createdAt",
        updated_at: Time = "updatedAt",
    }
);

/// A member of a group.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct GroupMember {
    /// Null: a person of the directory without an account. A row without the field is an error.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) id: Option<String>,
}

impl ListRow for GroupMember {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}
