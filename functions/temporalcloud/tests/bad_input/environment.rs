//! Variables of the environment that are wrong, as the real binaries find them.

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::bad_input::Inputs;
use rollcall_harness::conformance::Subject;
use rollcall_harness::lambda::Functions;

use crate::Simulated;

#[tokio::test]
async fn a_wrong_variable_is_named_by_every_invocation_and_ends_no_environment() {
    let sim = Simulated::small().await;
    let local = sim.beside();
    let bundle = local.store().with_file_name("certificates.pem");
    std::fs::write(&bundle, "hunter2").expect("written");
    let bundle = bundle.display().to_string();
    let rows = [
        (
            "ROLLCALL_STORE",
            "ftp://bucket",
            "BadEnvironment",
            "must be a folder or s3://bucket/prefix",
        ),
        (
            "ROLLCALL_STORE",
            "s3://",
            "BadEnvironment",
            "must be a folder or s3://bucket/prefix",
        ),
        (
            "ROLLCALL_STORE",
            "s3:/bucket",
            "BadEnvironment",
            "must be a folder or s3://bucket/prefix",
        ),
        (
            "ROLLCALL_SECRETS",
            "vault",
            "BadEnvironment",
            "ROLLCALL_SECRETS must be `secretsmanager`, `env` or",
        ),
        (
            "ROLLCALL_SECRETS",
            "file:",
            "BadEnvironment",
            "ROLLCALL_SECRETS must be `secretsmanager`, `env` or",
        ),
        (
            "ROLLCALL_EXPAND",
            "yes",
            "BadEnvironment",
            "ROLLCALL_EXPAND must be `true` or `false`",
        ),
        (
            "ROLLCALL_TIMEOUT_SECONDS",
            "soon",
            "BadEnvironment",
            "ROLLCALL_TIMEOUT_SECONDS must be a number of seconds",
        ),
        (
            "ROLLCALL_TIMEOUT_SECONDS",
            "0",
            "BadEnvironment",
            "ROLLCALL_TIMEOUT_SECONDS must be a number of seconds",
        ),
        (
            "ROLLCALL_CA_BUNDLE",
            "/nowhere/roots.pem",
            "BadTrustRoots",
            "could not read /nowhere/roots.pem: ",
        ),
        (
            "ROLLCALL_CA_BUNDLE",
            &bundle,
            "BadTrustRoots",
            "certificates.pem holds no certificates",
        ),
    ];
    for (n, (name, value, code, message)) in rows.into_iter().enumerate() {
        let operation = Operation::ALL[n % Operation::ALL.len()];
        let environment = Simulated::function_with(operation, &local, name, value).await;
        for _ in 0..2 {
            let refusal = environment.refusal(Simulated::good(operation)).await;
            let what = format!("{name}={value}: {:#}", refusal.message);
            assert_eq!(
                (refusal.kind.as_str(), refusal.text("code")),
                ("Misconfigured", code),
                "{what}"
            );
            assert!(refusal.text("message").contains(message), "{what}");
            assert!(!refusal.text("fix").is_empty(), "{what}");
        }
        let output = environment.end().await;
        let token = Simulated::TOKENS.iter().find(|token| output.holds(token));
        assert_eq!(token, None, "{name}={value}: {output:#?}");
    }
    assert!(!local.store().exists() && sim.requests().is_empty());
}
