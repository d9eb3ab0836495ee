//! Switches: everything the vendor leaves open, and everything a test wants to vary.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use crate::{EmptyPage, kit::Common};

/// How the simulator behaves: by default most likely as the vendor does, or in the least forgiving way where nothing is
/// known. Groups are listed by name, as documented; all else is taken to be by id.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// What all vendors have.
    pub common: Common,
    /// When requests are refused because there are too many of them.
    pub rate_limit: Option<RateLimit>,
    /// The list whose path ends so answers its first page, wherever one is to begin, and leads to another one.
    pub stuck_list: Option<&'static str>,
    /// Lists of v1 leave out these groups, and these members of any group, after they were cut into pages.
    pub v1_left_out: BTreeSet<String>,
    /// Whether lists of v1 have a page without rows that has a `next`. Search never does.
    pub v1_empty_page: EmptyPage,
    /// Whether lists of v2 have a page without rows that has a `next`.
    pub v2_empty_page: EmptyPage,
    /// Whether search pages by the cursor in `_links.next` and ignores `start`, as content search is reported to do.
    pub search_by_cursor: bool,
    /// The most people one search finds.
    pub search_total: usize,
    /// What a hidden address looks like: `""`, `null`, or `None` if there is no such field.
    pub hidden_email: Option<Value>,
    /// The status for a group nobody has heard of, at `/group/by-id`: 404 or 400.
    pub unknown_group_status: u16,
    /// The status of adding a member twice: 201, 400 or 409. *Unknown*.
    pub add_member_again: u16,
    /// What the body of the 201 to adding a member says; nothing, or a text that is not JSON.
    pub member_added_text: &'static str,
    /// Whether the permissions of a space have the rows that roles come down to. *Unknown*; they have been reported.
    pub rows_of_roles: bool,
    /// Whether rows of access classes and anonymous access are there twice.
    pub repeat_class_rows: bool,
    /// The principal of anonymous access in the permissions of a space. *Unknown*.
    pub anonymous_row: Value,
    /// The title of the 404 of role calls before there are roles; `None` if they list nothing. *Unknown*.
    pub before_roles: Option<&'static str>,
}

crate::has_common_options!(Options);

/// When requests are refused because there are too many of them.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are named after the headers")]
pub enum RateLimit {
    /// More than `most` at the same time.
    Concurrency { most: usize, retry_after: u64 },
    /// More than `requests` in a time; counted anew after so many refusals, for clients that do not really wait.
    Budget { requests: usize, window: Duration, forgive_after: Option<u64> },
}

impl Default for Options {
    fn default() -> Self {
        Self {
            common: Common::default(),
            rate_limit: None,
            stuck_list: None,
            v1_left_out: BTreeSet::new(),
            v1_empty_page: EmptyPage::Never,
            v2_empty_page: EmptyPage::Never,
            search_by_cursor: false,
            search_total: 10_000,
            hidden_email: Some(json!("")),
            unknown_group_status: 404,
            add_member_again: 201,
            member_added_text: "",
            rows_of_roles: true,
            repeat_class_rows: false,
            anonymous_row: json!({"type": "role", "id": "anonymous"}),
            before_roles: Some("Space roles are not available"),
        }
    }
}
