use super::super::enums::OperationState;
use super::super::operation::AsyncOperation;
use super::*;
use serde_json::{Value, json};

fn access(json: Value) -> Access {
    serde_json::from_value(json).expect("access")
}

#[test]
fn enums_are_read_by_name_by_number_and_by_their_deprecated_twins() {
    for role in [
        json!({"role": "ROLE_FINANCE_ADMIN"}),
        json!({"role": 4}),
        json!({"roleDeprecated": "financeadmin"}),
        json!({"role": "ROLE_UNSPECIFIED", "role_deprecated": "financeadmin"}),
    ] {
        let read = access(json!({"accountAccess": role.clone()})).role();
        assert_eq!(read, Some(Role::FinanceAdmin), "{role}");
    }
    for none in
        [json!({}), json!({"role": ""}), json!({"role": 0}), json!({"role": null}), json!(null)]
    {
        assert_eq!(access(json!({"account_access": none.clone()})).role(), None, "{none}");
    }
    let unknown = access(json!({"accountAccess": {"role": "ROLE_FUTURE"}})).role();
    assert_eq!(unknown, Some(Role::Unknown("FUTURE".into())));
    let operation: AsyncOperation =
        serde_json::from_value(json!({"id": "o", "state": "STATE_REJECTED"})).expect("operation");
    assert_eq!(operation.state(), Some(OperationState::Rejected));
}

#[test]
fn defaults_may_be_left_out_written_out_or_null() {
    for user in [
        json!({"id": "u", "spec": {"email": "a@b"}}),
        json!({"id": "u", "spec": {"email": "a@b", "access": null}, "invitation": null, "createdTime": null,
            "state": "RESOURCE_STATE_UNSPECIFIED", "asyncOperationId": ""}),
        json!({"id": "u", "spec": {"email": "a@b", "access": {"accountAccess": {}, "namespaceAccesses": {}}},
            "created_time": "", "state": 0}),
    ] {
        let user: User = serde_json::from_value(user).expect("a user");
        assert_eq!(
            (user.state(), user.created_at()),
            (ResourceState::Unknown(String::new()), None)
        );
        assert_eq!(user.unreadable(), Vec::<&str>::new());
        assert_eq!(user.access().and_then(|a| a.role()), None);
    }
}

#[test]
fn what_decides_nothing_may_have_any_form_and_is_named() {
    let odd = || [json!(7.5), json!([]), json!({"x": 1}), json!("yesterday")];
    for value in odd() {
        let user: User = serde_json::from_value(json!({"id": "u", "spec": {"email": "a@b"},
            "createdTime": value, "lastModifiedTime": value, "invitation": {"expiredTime": value},
            "resourceVersion": value, "asyncOperationId": value}))
        .expect("a user");
        assert_eq!(
            user.unreadable(),
            ["createdTime", "lastModifiedTime", "invitation.expiredTime"]
        );
        let key = json!({"principalApiKey": {"spec": {"expiryTime": value}}});
        let identity: CurrentIdentity = serde_json::from_value(key).expect("an identity");
        assert!(identity.key_ends().is_unreadable());
    }
    for value in odd().iter().take(3) {
        let group = json!({"id": "g", "spec": {"displayName": value, "googleGroup": {"emailAddress": value}},
            "state": value});
        let group: Group = serde_json::from_value(group).expect("a group");
        let odd = ["state", "spec.displayName", "spec.googleGroup"];
        assert_eq!((group.unreadable(), group.spec.kind()), (odd.to_vec(), GroupKind::Google));
        let project: Project =
            serde_json::from_value(json!({"id": "p", "spec": {"displayName": value}}))
                .expect("a project");
        assert_eq!(project.unreadable(), ["spec.displayName"]);
        let namespace =
            json!({"namespace": "n.a", "tags": {"a": value, "b": "c"}, "activeRegion": value});
        let namespace: Namespace = serde_json::from_value(namespace).expect("a namespace");
        assert_eq!(namespace.unreadable(), ["activeRegion", "tags"]);
        let operation: AsyncOperation = serde_json::from_value(
            json!({"id": "o", "checkDuration": value, "failureReason": value, "state": value}),
        )
        .expect("an operation");
        assert_eq!(operation.state(), None);
        assert_eq!(operation.check_after(), None);
    }
}

#[test]
fn identity_and_rights_have_the_documented_form_or_fail() {
    for user in [
        json!({"spec": {"email": "a@b"}}),
        json!({"id": "u"}),
        json!({"id": "u", "spec": {"email": 7}}),
        json!({"id": "u", "spec": {"email": "a@b", "access": {"accountAccess": {"role": {}}}}}),
        json!({"id": "u", "spec": {"email": "a@b", "access": {"namespaceAccesses": []}}}),
    ] {
        assert!(serde_json::from_value::<User>(user.clone()).is_err(), "{user}");
    }
}
