//! Lists that do not end, end too soon, or change while they are read.

rollcall_harness::scripts! { crate::script::play;
/// What is read within one change is a loop of its own.
lists_that_only_have_empty_pages_fail: "
    each $api; $what | v1; in-adm | v2; read-space
    on both
    set empty-pages-of-$api all
    fails EndlessList
    revoke $what bot EndlessList
    at-most 400"
an_empty_page_with_a_next_page_is_not_the_end_and_one_that_links_to_itself_is: "
    each $v1; $v2 | first; last | last; first | between; between
    on both
    sync
    set page-size 2
    set empty-pages-of-v1 $v1
    set empty-pages-of-v2 $v2
    sync same"
a_change_follows_empty_pages_too: "
    on rows
    world group 12-x bot
    world group 13-x bot
    set page-size 1
    set empty-pages-of-v1 between
    set empty-pages-of-v2 between
    revoke group:13-x:member bot revoked
    revoke delete-space eng revoked"
/// A retry of the same run would go on with the same page. There are two groups and two spaces; and one call is to see
/// whether we are let in.
a_list_whose_pages_are_all_the_same_is_read_three_times_at_most: "
    each $list | group | membersByGroupId | spaces | permissions | space-roles | role-assignments
    on both
    set stuck-list /$list
    fails EndlessList anew
    at-most 6 /$list"
/// The search decides nobody's access: if it ends early, the snapshot is published with a warning. If its first page fails, the
/// sync fails.
a_user_search_that_repeats_itself_or_refuses_to_continue_ends_there: r#"
    on rich
    set page-size 3
    set stuck-list /search/user
    sync
    warns BlindSpot: The user search returned the same page twice
    calls 2 /search/user
    shows user:712020:unindexed
    on rich
    answer later v1/search/user 400 {"statusCode": 400, "message": "start is too large"}
    sync
    warns BlindSpot: The user search refused to return another page
    shows user:712020:unindexed
    on rich
    answer v1/search/user 400 {"statusCode": 400, "message": "no"}
    fails VendorRejected"#
/// Searches of the same API are reported to take no notice of `start`, and to have a cursor in the link.
everybody_is_found_although_no_page_of_the_search_is_ever_full: "
    each $paging; $calls | default; 5 | by-cursor; 4
    on rows
    world crowd 345
    set search $paging
    sync
    shows user:712020:n000
    shows user:712020:n101
    shows user:712020:n344
    warns-not BlindSpot
    calls $calls /search/user"
/// A row that goes away moves those after it up by one, so that one of them would be on neither of two pages. A directory
/// takes people out of a group steadily: nobody, one, those who come first, the last of each page; or, after the second page, so
/// many that the next one has moved further than a page. To ask for the last rows of a page once more takes no page more.
no_remaining_member_is_lost_while_others_leave_the_group: "
    each $leaving; $calls | 450..451; 3 | 3..4; 3 | 0..9 9..18 18..27 27..36 36..45 45..54; 9 | 194..200 386..392; 5 | 449..450 0..350; 5
    on rows
    world group 44-all ada
    world crowd 450 44-all
    set leaving $leaving
    sync
    members 44-all
    calls $calls /44-all/membersByGroupId"
/// The window that begins one row later shows the same few rows, and the list goes on behind it: of each page there are one,
/// two or no rows, and of the last one all.
a_list_that_is_filtered_after_it_was_cut_into_pages_is_read_to_its_end: "
    on rows
    world group 44-all ada
    world crowd 450 44-all
    set left-out 0..150 151..205 206..399 400..445
    sync
    shows group:44-all:member:user:712020:n150
    shows group:44-all:member:user:712020:n205
    shows group:44-all:member:user:712020:n399
    shows group:44-all:member:user:712020:n445
    shows group:44-all:member:user:712020:n449"
}
