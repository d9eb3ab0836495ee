//! The real binary in front of a Runtime API, with the real functions behind Lambda's `Invoke`: as in AWS, or with a store
//! in a folder where there is no simulated AWS.

use std::path::Path;
use std::time::Duration;

use rollcall_engine::runtime::capabilities::metadata;
use rollcall_harness::conformance::surroundings;
use rollcall_harness::function::Environment;
use rollcall_harness::lambda_api::LambdaApi;
use rollcall_harness::moto::Moto;
use rollcall_simulators::c1::messages::*;
use rollcall_simulators::c1::{C1, Options};
use rollcall_simulators::temporalcloud::{TemporalCloud, World};
use serde_json::{Value, json};

use crate::world::{entry, secret};

const STORE: &str = "rollcall-bucket";
const OPERATIONS: [&str; 5] = ["sync", "grant", "revoke", "create-account", "delete-account"];

fn binary(name: &str) -> String {
    let path = Path::new(env!("CARGO_BIN_EXE_c1-agent")).with_file_name(name);
    assert!(path.exists(), "build it first: cargo build -p rollcall-temporalcloud --bin {name}");
    path.display().to_string()
}

fn in_folder(folder: &Path) -> Vec<(String, String)> {
    let path = |name: &str| folder.join(name).display().to_string();
    let secrets = format!("file:{}", path("secrets"));
    [("ROLLCALL_STORE", path("store")), ("ROLLCALL_SECRETS", secrets)]
        .map(|(k, v)| (k.to_owned(), v))
        .into()
}

#[tokio::test]
async fn tasks_are_done_by_the_binaries_as_they_are_deployed() {
    let vendor =
        TemporalCloud::start(World::worked_example(), Default::default()).await.expect("a vendor");
    vendor.set_options(|options| options.operations.polls = 0);
    let c1 = C1::start(Options::default()).await.expect("a service");
    let credential = c1.credential();
    let mut secret = secret(&vendor.configuration());
    secret["BATON_CLIENT_ID"] = credential.client_id.into();
    secret["BATON_CLIENT_SECRET"] = (&*credential.client_secret).into();
    let (moto, connection) = (Moto::shared(), Moto::name());
    let (_, _, folder) = surroundings(
        "temporalcloud",
        &secret,
        rollcall_connector::http::Transport::new(None).expect("TLS"),
    );
    let connection = if moto.is_some() { connection } else { "default".into() };
    if let Some(moto) = &moto {
        moto.create_bucket(STORE).await;
        moto.create_secret(&format!("rollcall/temporalcloud/{connection}"), &secret).await;
    }
    let variables = |function: &str| match &moto {
        Some(moto) => {
            let mut variables = moto.variables(function);
            variables.push(("ROLLCALL_STORE".into(), format!("s3://{STORE}")));
            variables
        }
        None => in_folder(folder.path()),
    };
    let lambda = LambdaApi::start().await.expect("a Lambda API");
    for operation in OPERATIONS {
        let name = format!("temporalcloud-{operation}");
        lambda.serve(
            &format!("rollcall-{name}"),
            &binary(&name),
            variables(&name),
            Duration::from_secs(60),
        );
    }
    let mut agent = variables("temporalcloud-c1");
    let own = [
        ("ROLLCALL_CONNECTOR", "temporalcloud"),
        ("ROLLCALL_FUNCTION_PREFIX", "rollcall-temporalcloud-"),
        ("ROLLCALL_C1_PROVISIONING", "yes"),
        ("AWS_ENDPOINT_URL_LAMBDA", lambda.endpoint()),
    ];
    agent.extend(own.map(|(k, v)| (k.to_owned(), v.to_owned())));
    if moto.is_none() {
        agent.extend(
            [
                ("AWS_ACCESS_KEY_ID", "x"),
                ("AWS_SECRET_ACCESS_KEY", "x"),
                ("AWS_REGION", "us-east-1"),
            ]
            .map(|(k, v)| (k.to_owned(), v.to_owned())),
        );
    }
    let agent = Environment::start(env!("CARGO_BIN_EXE_c1-agent"), agent).await;
    let event = json!({"connection": connection, "metadata": metadata(&entry("temporalcloud"))});

    let entitlement = || {
        Some(Entitlement::new(
            Resource::new("namespace", "demo.a1b23", ""),
            "namespace:demo.a1b23:write",
        ))
    };
    let principal = || Some(Resource::new("service-account", "sa1", "build"));
    let emails = vec![Email { address: "new@example.com".into(), is_primary: true }];
    let account_info = Some(AccountInfo { emails, ..Default::default() });
    let ids = [
        c1.give(SyncFullTask { skip_expand_grants: true, ..Default::default() }),
        c1.give(GrantTask {
            entitlement: entitlement(),
            principal: principal(),
            ..Default::default()
        }),
        c1.give(CreateAccountTask { account_info, ..Default::default() }),
    ];
    idle(&agent, &event).await;
    let grant = Grant { entitlement: entitlement(), principal: principal(), ..Default::default() };
    let created = c1.finish(&ids[2]).expect("finished").response::<CreateAccountResponse>();
    let account =
        created.expect("a response").success.expect("success").resource.expect("a resource").id;
    let more = [
        c1.give(RevokeTask { grant: Some(grant), ..Default::default() }),
        c1.give(DeleteResourceTask { resource_id: account, ..Default::default() }),
    ];
    idle(&agent, &event).await;
    for id in ids.iter().chain(&more) {
        let finish = c1.finish(id).expect("finished");
        assert!(finish.success, "{finish:?}");
    }
    assert_eq!((c1.assets().len(), c1.hellos().len(), c1.violations()), (1, 1, vec![]));
    let mut tokens = vec![credential.client_secret];
    tokens.extend(secret["BATON_API_KEY"].as_str().map(str::to_owned));
    agent.end(&tokens).await;
    lambda.end(&tokens).await;
    assert_eq!(vendor.violations(), Vec::<String>::new());
}

async fn idle(agent: &Environment, event: &Value) {
    for _ in 0..20 {
        let answer = agent.answer(event.clone()).await;
        if answer["status"] == "idle" {
            return;
        }
    }
    panic!("it does not end");
}
