//! Switches: everything the vendor leaves open, and everything a test wants to vary.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::EmptyPage;

crate::options! {
    /// How the simulator behaves: by default most likely like the vendor, or in the least forgiving way where nothing
    /// is known. Groups are listed by name, as documented; everything else by id.
    #[derive(Clone, Debug, PartialEq)]
    Options {
        /// When requests are refused because there are too many of them.
        rate_limit: Option<RateLimit> = None,
        /// The list whose path ends so answers its first page, wherever one is to begin, and leads to another one.
        stuck_list: Option<&'static str> = None,
        /// Lists of v1 leave out these groups, and these members of any group, after they were cut into pages.
        v1_left_out: BTreeSet<String> = BTreeSet::new(),
        /// Whether lists of v1 have a page without rows that has a `next`. Search never does.
        v1_empty_page: EmptyPage = EmptyPage::Never,
        /// Whether lists of v2 have a page without rows that has a `next`.
        v2_empty_page: EmptyPage = EmptyPage::Never,
        /// Whether search pages by the cursor in `_links.next` and ignores `start`, as content search is reported to do.
        search_by_cursor: bool = false,
        /// The most people one search finds.
        search_total: usize = 10_000,
        /// The form of a hidden address: `""`, `null`, or `None` if the field is missing.
        hidden_email: Option<Value> = Some(json!("")),
        /// The status for an unknown group, at `/group/by-id`: 404 or 400.
        unknown_group_status: u16 = 404,
        /// The status of adding a member twice: 201, 400 or 409. *Unknown*.
        add_member_again: u16 = 201,
        /// The body of the 201 to adding a member: empty, or a text that is not JSON.
        member_added_text: &'static str = "",
        /// Whether the permissions of a space have the rows that roles come down to. *Unknown*; they have been reported.
        rows_of_roles: bool = true,
        /// Whether rows of access classes and anonymous access are there twice.
        repeat_class_rows: bool = false,
        /// The principal of anonymous access in the permissions of a space. *Unknown*.
        anonymous_row: Value = json!({"type": "role", "id": "anonymous"}),
        /// The title of the 404 of role calls before there are roles; `None` if they list nothing. *Unknown*.
        before_roles: Option<&'static str> = Some("Space roles are not available"),
    }
}

/// When requests are refused because there are too many of them: more than `most` at the same time.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "said above, and named after the header")]
pub struct RateLimit {
    pub most: usize,
    pub retry_after: u64,
}
