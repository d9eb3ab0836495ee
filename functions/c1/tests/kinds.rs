//! Each kind of task ends once, with the result that ConductorOne expects.

use jiff::SignedDuration;
use rollcall_connector::ErrorType;
use rollcall_simulators::c1::NewTask;
use rollcall_simulators::c1::messages::*;
use serde_json::{Value, json};

use crate::world::{Desk, Script, change_answer};
use rollcall_c1::FunctionFailure;
use rollcall_engine::operation::Operation;

fn namespace(id: &str) -> Entitlement {
    Entitlement::new(Resource::new("namespace", "prod.a1b23", "prod"), id)
}

fn ann() -> Resource {
    Resource::new("user", "u1", "Ann")
}

fn grant(entitlement: Entitlement, principal: Option<Resource>) -> NewTask {
    GrantTask { entitlement: Some(entitlement), principal, ..Default::default() }.into()
}

fn revoke(id: &str) -> NewTask {
    let entitlement = Some(namespace("namespace:prod.a1b23:write"));
    let grant = Grant { id: id.into(), entitlement, principal: Some(ann()), ..Default::default() };
    RevokeTask { grant: Some(grant), ..Default::default() }.into()
}

fn create(resource_type: &str) -> NewTask {
    let emails = vec![Email { address: "new@example.com".into(), is_primary: true }];
    let info = AccountInfo { emails, ..Default::default() };
    let resource_type_id = resource_type.into();
    CreateAccountTask { account_info: Some(info), resource_type_id, ..Default::default() }.into()
}

fn delete(resource_type: &str) -> NewTask {
    let id = Resource::new(resource_type, "u1", "").id;
    DeleteResourceTask { resource_id: id, ..Default::default() }.into()
}

#[tokio::test]
async fn what_cannot_be_done_ends_with_the_code_of_the_public_connectors() {
    let desk = Desk::scripted().await;
    let write = "namespace:prod.a1b23:write";
    let cases: Vec<(NewTask, i32, bool, &str)> = vec![
        (CreateResourceTask::default().into(), 12, true, "does not support create-resource"),
        (RotateCredentialsTask::default().into(), 12, true, "does not support rotate-credentials"),
        (IssueCredentialTask::default().into(), 12, true, "does not support issue-credential"),
        (EventFeedTask::default().into(), 2, false, "unsupported task type"),
        (CreateTicketTask::default().into(), 2, false, "ticketing is not enabled"),
        (ListTicketSchemasTask::default().into(), 2, false, "ticketing is not enabled"),
        (GetTicketTask::default().into(), 2, false, "ticketing is not enabled"),
        (BulkCreateTicketsTask::default().into(), 2, false, "ticketing is not enabled"),
        (BulkGetTicketsTask::default().into(), 2, false, "ticketing is not enabled"),
        (ActionGetSchemaTask::default().into(), 5, false, "no actions"),
        (ActionInvokeTask::default().into(), 5, false, "no actions"),
        (ActionStatusTask::default().into(), 5, false, "no actions"),
        (CreateSyncDiffTask::default().into(), 2, false, "unsupported task type"),
        (CompactSyncsTask::default().into(), 2, false, "unsupported task type"),
        (ListEventsTask::default().into(), 12, true, "no event feeds"),
        (NewTask::undocumented(), 2, false, "unsupported task type"),
        (NewTask::empty(), 2, false, "unsupported task type"),
        (grant(namespace(write), None), 3, true, "lacks its entitlement or its principal"),
        (
            grant(namespace("namespace:other.a1b23:write"), Some(ann())),
            3,
            true,
            "is not one of its resource",
        ),
        (grant(namespace("write"), Some(ann())), 3, true, "not a valid entitlement id"),
        (
            grant(namespace(write), Some(Resource::new("user", "", ""))),
            3,
            true,
            "lacks the id of a resource",
        ),
        (
            grant(Entitlement::new(Resource::new("planet", "x", ""), "planet:x:y"), Some(ann())),
            12,
            true,
            "resource type `planet`",
        ),
        (grant(namespace(&"x".repeat(5000)), Some(ann())), 3, true, "xxx"),
        (RevokeTask::default().into(), 3, true, "lacks its grant"),
        (
            revoke("namespace:prod.a1b23:write:user:u2"),
            3,
            true,
            "is not that of its entitlement and principal",
        ),
        (CreateAccountTask::default().into(), 3, true, "lacks its account"),
        (create("namespace"), 12, true, "resource type `namespace`"),
        (delete("namespace"), 12, true, "resource type `namespace`"),
        (
            SyncFullTask { storage_engine: "papyrus".into(), ..Default::default() }.into(),
            2,
            false,
            "`papyrus` is unknown",
        ),
    ];
    let given: Vec<_> = cases
        .into_iter()
        .map(|(task, code, is_final, text)| (desk.c1.give(task), code, is_final, text))
        .collect();
    let hello = desk.c1.give(HelloTask::default());
    let schemas = desk.c1.give(ActionListSchemasTask::default());
    let feeds = desk.c1.give(ListEventFeedsTask::default());
    let reports = desk.until_idle(&Script::new([])).await;
    assert_eq!(reports.len(), 30, "Step Functions would not pass on more");
    for (id, code, is_final, text) in given {
        let finish = desk.c1.finish(&id).unwrap_or_else(|| panic!("{text}: not finished"));
        assert_eq!((finish.code, finish.non_retryable), (code, is_final), "{text}: {finish:?}");
        assert!(finish.message.contains(text), "{text}: {}", finish.message);
        assert!(finish.message.len() <= 2000, "{text}: {} bytes", finish.message.len());
    }
    assert_eq!(desk.c1.task(&hello).expect("a task").ends, 1);
    assert_eq!(desk.c1.finish(&hello), None);
    assert!(
        desk.c1
            .finish(&schemas)
            .expect("finished")
            .response::<ListActionSchemasResponse>()
            .is_some()
    );
    assert!(
        desk.c1.finish(&feeds).expect("finished").response::<ListEventFeedsResponse>().is_some()
    );
    assert!(desk.c1.tasks().iter().all(|task| task.ends == 1), "{:?}", desk.c1.tasks());
}

#[tokio::test]
async fn a_change_becomes_the_event_that_everybody_sends() {
    let desk = Desk::scripted().await;
    let write = "namespace:prod.a1b23:write";
    for (task, operation, mut event) in [
        (
            grant(namespace(write), Some(ann())),
            Operation::Grant,
            json!({"entitlement": write, "principal": "user:u1"}),
        ),
        (revoke(""), Operation::Revoke, json!({"entitlement": write, "principal": "user:u1"})),
        (
            create("user"),
            Operation::CreateAccount,
            json!({"account": {"email": "new@example.com"}}),
        ),
        (delete("user"), Operation::DeleteAccount, json!({"principal": "user:u1"})),
    ] {
        let id = desk.c1.give(task);
        let script = Script::new([Ok(change_answer("already_deleted", None))]);
        desk.until_idle(&script).await;
        event["connection"] = "default".into();
        event["request_id"] = (&*id).into();
        event["dry_run"] = false.into();
        event["reason"] = format!("ConductorOne task {id}").into();
        assert_eq!(script.calls(), [(operation, event)]);
    }
}

#[tokio::test]
async fn without_provisioning_nothing_is_changed() {
    let mut desk = Desk::scripted().await;
    let folder = desk.folder.path().join("secrets/temporalcloud/default.json");
    let text = std::fs::read_to_string(&folder)
        .expect("a secret")
        .replace("\"provisioning\":true", "\"provisioning\":false");
    std::fs::write(&folder, text).expect("written");
    desk.event.connection = "default".into();
    let ids = [
        grant(namespace("namespace:prod.a1b23:write"), Some(ann())),
        revoke(""),
        create("user"),
        delete("user"),
    ]
    .map(|task| desk.c1.give(task));
    desk.until_idle(&Script::new([])).await;
    for id in ids {
        let finish = desk.c1.finish(&id).expect("finished");
        assert_eq!((finish.code, finish.non_retryable), (9, true));
        assert!(finish.message.contains("provisioning is not enabled"), "{}", finish.message);
    }
}

fn failure(kind: ErrorType) -> FunctionFailure {
    FunctionFailure {
        kind,
        code: "Why".into(),
        message: "no".into(),
        fix: "Do this.".into(),
        retry_at: None,
        was_cut: false,
    }
}

#[tokio::test]
async fn each_type_of_failure_has_its_code_and_says_whether_a_repetition_helps() {
    use ErrorType::*;
    let desk = Desk::scripted().await;
    for (kind, code, is_final) in [
        (RateLimited, 8, false),
        (Unavailable, 14, false),
        (Unauthenticated, 16, true),
        (PermissionDenied, 7, true),
        (InvalidRequest, 3, true),
        (Misconfigured, 9, true),
        (NotFound, 5, true),
        (Refused, 9, true),
        (Conflict, 10, false),
        (Internal, 13, true),
    ] {
        let id = desk.c1.give(grant(namespace("namespace:prod.a1b23:write"), Some(ann())));
        let tries = if kind.is_retryable() { 5 } else { 1 };
        let script = Script::new(std::iter::repeat_n(Err(failure(kind)), tries));
        desk.until_idle(&script).await;
        let finish = desk.c1.finish(&id).expect("finished");
        assert_eq!((finish.code, finish.non_retryable), (code, is_final), "{kind:?}");
        assert_eq!(finish.message, "Why: no. Do this.");
        let info = finish.detail::<ErrorInfo>().expect("details");
        assert_eq!((&*info.reason, &*info.domain), ("Why", "rollcall"));
        assert_eq!(script.calls().len(), tries);
    }
}

#[tokio::test]
async fn an_account_that_exists_and_one_that_takes_long_have_their_own_variants() {
    let desk = Desk::scripted().await;
    let with = |mut answer: Value| {
        answer["resource"] =
            json!({"id": "user:u9", "display_name": "new@example.com", "status": "invited"});
        Ok(answer)
    };
    let result = |id: &str| {
        let finish = desk.c1.finish(id).expect("finished");
        finish.response::<CreateAccountResponse>().expect("a response")
    };
    let exists = desk.c1.give(create("user"));
    desk.until_idle(&Script::new([with(change_answer("already_exists", None))])).await;
    let found = result(&exists).already_exists.expect("the variant");
    assert_eq!(found.resource.expect("a resource").id, Resource::new("user", "u9", "").id);

    let slow = desk.c1.give(create("user"));
    let later = |minutes| Some(desk.cx.clock.now() + SignedDuration::from_mins(minutes));
    let answers = [1, 5, 10, 16, 30].map(|at| with(change_answer("in_progress", later(at))));
    desk.until_idle(&Script::new(answers)).await;
    assert!(result(&slow).in_progress.is_some());
}
