//! A store in S3, by the official SDK, against moto. Without moto, this test says so and does nothing.

use rollcall_harness::moto::Moto;
use tokio::runtime::Runtime;

use crate::leaving::{Vendors, values};
use crate::reviewing::decide;
use crate::support::Place;

#[test]
fn a_review_and_an_offboarding_are_done_once_and_altered_evidence_in_the_bucket_is_found() {
    let Some(moto) = Moto::shared() else { return };
    let (runtime, bucket) = (Runtime::new().expect("a runtime"), Moto::name());
    runtime.block_on(moto.create_bucket(&bucket));
    let place = Place::new().var("ROLLCALL_STORE", &format!("s3://{bucket}/access"));
    let variables = moto.variables("test");
    let place = variables.iter().fold(place, |place, (name, value)| place.var(name, value));
    let vendors = Vendors::start_in(place);
    let place = &vendors.place;

    let store = format!("--store s3://{bucket}/other");
    let err = place.run(&format!("review new --out q {store}")).expect(1).err;
    assert!(err.contains("NoSnapshot"), "{err}");
    let made = place.run("review new --connector confluence --out q -o json").expect(0).json();
    let folder = format!("access/reviews/{}", made["id"].as_str().expect("an id"));
    assert_eq!(made["evidence"], format!("s3://{bucket}/{folder}/0000.json"));
    decide(&place.path("q"), &[("user:712020:lee space:98310:export-space", "revoke")]);
    let err = place.run(&format!("review apply q {store}")).expect(1).err;
    assert!(err.contains("UnknownReview"), "{err}");
    let apply = "review apply q --apply --yes -o json";
    for result in ["done", "already_so"] {
        let ran = place.run(apply).expect(0);
        assert_eq!(values(&ran, "result"), [result], "{}", ran.out);
    }
    let what = values(&place.run("review verify q -o json").expect(0), "what");
    assert_eq!(what, ["shown", "decided", "done", "decided", "done"]);
    let key = format!("{folder}/0001.json");
    let object = runtime.block_on(moto.object(&bucket, &key)).expect("an object");
    let text = String::from_utf8(object).expect("text").replace("revoke", "keep");
    runtime.block_on(moto.put_object(&bucket, &key, &text));
    let err = place.run("review verify q").expect(1).err;
    assert!(err.contains("EvidenceAltered") && err.contains("0001.json does not"), "{err}");

    place.run("sync confluence").expect(0);
    place.run("offboard lee@acme.io --out plan.json").expect(0);
    for result in ["done", "already_so"] {
        let ran = place.run("offboard --plan plan.json --apply -o json").expect(0);
        assert_eq!(values(&ran, "result"), [result; 4], "{}", ran.out);
    }
    assert!(vendors.cloud.with_world(|world| world.principal("u9").is_none()));
    assert!(!place.path("rollcall-data").exists(), "nothing is kept beside the bucket");
}
