//! Switches: everything the vendor leaves open, and everything a test wants to vary.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use crate::lists::Ordering;

/// How the simulator behaves. [`Options::default`] is the most likely real behaviour, or the least forgiving one
/// where nothing is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How long every request takes.
    pub latency: Duration,
    /// When requests are refused because there are too many of them.
    pub rate_limit: Option<RateLimit>,
    /// Splits every list like this, whatever `limit` says; `limit` is still echoed.
    pub force_page_size: Option<usize>,
    /// The list whose path ends so takes no notice of where a page is to begin: every page is the first one, and leads
    /// to another. Content searches are reported to do so with `start`.
    pub stuck_list: Option<&'static str>,
    /// Lists of v1 leave out these groups, and these members of any group, after they were cut into pages.
    pub v1_left_out: BTreeSet<String>,
    /// The groups, or the members of any group, that are removed as soon as a page of their list is answered that another
    /// one follows: after each such page the next of these.
    pub lost_between_pages: VecDeque<Vec<String>>,
    /// Whether lists of v1 have a page without rows that has a `next`. Search never does.
    pub v1_empty_page: EmptyPage,
    /// Whether lists of v2 have a page without rows that has a `next`.
    pub v2_empty_page: EmptyPage,
    /// The order of lists. Documented are groups by name; all else is taken to be by id.
    pub ordering: Ordering,
    /// Header names (lower case) allowed besides the ordinary ones.
    pub extra_headers: Vec<String>,
    /// Whether errors of v1 are in the newer envelope, which has no `data`.
    pub newer_errors: bool,
    /// How the gateway answers bad credentials.
    pub gateway_bad_credentials: GatewayRefusal,

    /// Whether search pages by the cursor in `_links.next`, as searches for content are reported to do, and takes no
    /// notice of `start`.
    pub search_by_cursor: bool,
    /// The most people one search finds.
    pub search_total: usize,
    /// Whether search finds accounts that have lost their licence. *Unknown*: they have been reported, but the filter
    /// `none` is documented as licensed users only.
    pub search_unlicensed: bool,
    /// Whether search finds apps.
    pub search_apps: bool,
    /// Hides every address but the caller's own.
    pub hide_emails: bool,
    /// What a hidden address looks like.
    pub hidden_email: HiddenEmail,
    /// Where names of deactivated and unlicensed users have a tail that says so.
    pub name_tails: NameTails,
    /// Whether v1 says `customer` where it is documented to know only `atlassian`, `app` and nothing.
    pub v1_customers: bool,

    /// Whether deactivated users are left out of the members of groups, whatever the world says. On live sites they
    /// lose their groups, which [`World::deactivate`](super::World::deactivate) does to the world.
    pub hide_deactivated_members: bool,
    /// Whether the caller may see members at all; 403 if not.
    pub members_visible: bool,
    /// More than 200 groups per page. *Unknown*; taken to be refused as it is for members.
    pub large_group_pages: bool,
    /// The status for a group nobody has heard of, at `/group/by-id`: 404 or 400.
    pub unknown_group_status: u16,
    /// The answer to adding a member twice. *Unknown*.
    pub add_member_again: AddMemberAgain,
    /// The answer to writing to a group with `managedBy` `EXTERNAL`. *Unknown*.
    pub external_groups: ExternalGroups,
    /// What the body of the 201 to adding a member says; nothing, or a text that is not JSON.
    pub member_added_text: String,

    /// Whether the list of spaces has the archived ones unless `status` says otherwise. *Unknown*.
    pub archived_by_default: bool,
    /// Whether roles are listed without what they allow. *Unknown*: whether that happens.
    pub mute_roles: bool,
    /// Whether the permissions of a space have the rows that roles come down to. *Unknown*; they have been reported.
    pub rows_of_roles: bool,
    /// Whether rows of access classes and anonymous access are there twice.
    pub repeat_class_rows: bool,
    /// How anonymous access looks in the permissions of a space. *Unknown*.
    pub anonymous_row: AnonymousRow,
    /// The answer to deleting a row that comes from a role, before there are only roles. *Unknown*.
    pub delete_row_of_role: u16,
    /// The answer to granting a permission to somebody who has a role, before there are only roles. *Unknown*.
    pub grant_to_role_holder: GrantToRoleHolder,

    /// How `GET /space-role-mode` answers.
    pub mode_answer: ModeAnswer,
    /// How the role calls answer before there are roles. *Unknown*.
    pub before_roles: BeforeRoles,
}

/// When requests are refused because there are too many of them.
#[derive(Clone, Debug, PartialEq)]
pub enum RateLimit {
    /// More than so many at the same time.
    Concurrency {
        /// The most that are let through.
        most: usize,
        /// `Retry-After`, in seconds.
        retry_after: u64,
    },
    /// More than so many in a time.
    Budget {
        /// How many.
        requests: usize,
        /// In which time.
        window: Duration,
        /// After so many refusals everything is let through again, whatever the time: for clients that only pretend
        /// to wait.
        forgive_after: Option<usize>,
    },
}

/// Whether lists have a page without rows that has a `next`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyPage {
    /// No.
    Never,
    /// The first one: the rows come on the pages after it, for those who follow `next`.
    First,
    /// The last one, and its `next` leads to itself.
    Last,
    /// One between any two others: what the caller may not see was left out after the list was cut.
    Between,
    /// All, and each leads to another one.
    All,
}

/// How the gateway answers bad credentials. *Unknown*: whether it passes them on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayRefusal {
    /// As the site does.
    AsSite,
    /// 401 with a body of its own.
    Unauthorized,
}

/// What a hidden address looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenEmail {
    /// `""`.
    Empty,
    /// `null`.
    Null,
    /// There is no such field.
    Absent,
}

/// Where names of deactivated and unlicensed users have ` (Deactivated)` or ` (Unlicensed)` after them. *Unknown* for
/// search and members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameTails {
    /// Where single users are asked for, and in `users-bulk`.
    WhereAskedById,
    /// Everywhere.
    Everywhere,
    /// Nowhere.
    Nowhere,
}

/// The answer to adding a member twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddMemberAgain {
    /// 201, as if it had not been there.
    Created,
    /// 400 with a message.
    BadRequest,
    /// 409 with a message.
    Conflict,
}

/// The answer to writing to a group that is managed elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalGroups {
    /// 403.
    Forbidden,
    /// 400.
    BadRequest,
    /// It is done.
    Writable,
}

/// How anonymous access looks in the permissions of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnonymousRow {
    /// A principal of type `role` with id `anonymous`.
    Role,
    /// A principal of type `access-class` with id `ANONYMOUS_USERS`.
    AccessClass,
    /// A principal of type `user` with id `anonymous`.
    User,
    /// A principal of type `role` without an id.
    RoleWithoutId,
}

/// The answer to granting a permission to somebody who has a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantToRoleHolder {
    /// 400.
    Refused,
    /// The role goes, its permissions stay as rows, and the new one is added.
    BecomesCustom,
}

/// How `GET /space-role-mode` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModeAnswer {
    /// With the mode.
    Mode,
    /// With an object that has no mode in it.
    Missing,
    /// 404.
    NotFound,
}

/// How the role calls answer before there are roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeforeRoles {
    /// 404 that says why.
    NotFound,
    /// 404 that says nothing, like the one for bad credentials.
    BareNotFound,
    /// With lists that have nothing in them.
    Empty,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            rate_limit: None,
            force_page_size: None,
            stuck_list: None,
            v1_left_out: BTreeSet::new(),
            lost_between_pages: VecDeque::new(),
            v1_empty_page: EmptyPage::Never,
            v2_empty_page: EmptyPage::Never,
            ordering: Ordering::Documented,
            extra_headers: Vec::new(),
            newer_errors: false,
            gateway_bad_credentials: GatewayRefusal::AsSite,
            search_by_cursor: false,
            search_total: 10_000,
            search_unlicensed: true,
            search_apps: true,
            hide_emails: false,
            hidden_email: HiddenEmail::Empty,
            name_tails: NameTails::WhereAskedById,
            v1_customers: false,
            hide_deactivated_members: false,
            members_visible: true,
            large_group_pages: false,
            unknown_group_status: 404,
            add_member_again: AddMemberAgain::Created,
            external_groups: ExternalGroups::Forbidden,
            member_added_text: String::new(),
            archived_by_default: true,
            mute_roles: false,
            rows_of_roles: true,
            repeat_class_rows: false,
            anonymous_row: AnonymousRow::Role,
            delete_row_of_role: 400,
            grant_to_role_holder: GrantToRoleHolder::Refused,
            mode_answer: ModeAnswer::Mode,
            before_roles: BeforeRoles::NotFound,
        }
    }
}
