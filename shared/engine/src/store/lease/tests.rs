use super::*;
use crate::store::folder::Folder;
use rollcall_connector::clock::Manual;

const TTL: Duration = Duration::from_secs(60);

fn place() -> (tempfile::TempDir, Folder, Manual) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Folder::new(folder.path());
    (folder, store, Manual::at(Timestamp::UNIX_EPOCH))
}

async fn ask(store: &Folder, clock: &Manual, owner: &str) -> Acquired<u32> {
    let request = LeaseRequest { owner, floor: 0, ttl: TTL };
    let acquired = Lease::acquire(store, clock, "locks/x.json", &request).await;
    acquired.expect("a store")
}

fn held(acquired: Acquired<u32>) -> Lease<u32> {
    match acquired {
        Acquired::Held(lease) => lease,
        Acquired::Busy(peek) => panic!("busy: {peek:?}"),
    }
}

#[tokio::test]
async fn a_lease_has_one_holder_and_its_generation_only_rises() {
    let (_folder, store, clock) = place();

    let mut first = held(ask(&store, &clock, "a").await);
    assert_eq!(first.generation(), 1);
    assert!(matches!(ask(&store, &clock, "b").await, Acquired::Busy(_)));
    assert!(
        matches!(ask(&store, &clock, "a").await, Acquired::Busy(_)),
        "two deliveries of one event do not work side by side"
    );

    clock.advance(TTL);
    let second = held(ask(&store, &clock, "b").await);
    assert_eq!(second.generation(), 2);
    let late = first.renew(&store, &clock, TTL).await.expect_err("lost");
    assert_eq!(late.code(), "LeaseLost");

    second.release(&store, &clock).await.expect("released");
    assert_eq!(held(ask(&store, &clock, "c").await).generation(), 3);
}

#[tokio::test]
async fn a_generation_that_cannot_rise_is_a_failure_and_does_not_begin_anew() {
    let (_folder, store, clock) = place();
    for (floor, good) in [(u64::MAX - 1, true), (0, false), (u64::MAX, false)] {
        clock.advance(TTL);
        let request = LeaseRequest { owner: "a", floor, ttl: TTL };
        let acquired = Lease::<u32>::acquire(&store, &clock, "locks/x.json", &request).await;
        let code = acquired.as_ref().err().map(|e| e.code().as_str());
        assert_eq!(code, (!good).then_some("UnreadableObject"), "{floor}");
    }
}

#[tokio::test]
async fn a_lease_that_was_written_since_the_look_is_not_acquired() {
    let (_folder, store, clock) = place();
    let look = || look::<u32>(&store, "locks/x.json".into());
    let (first, second) = (look().await.expect("a look"), look().await.expect("a look"));
    let request = |owner| LeaseRequest { owner, floor: 0, ttl: TTL };
    let acquired = first.acquire(&store, &clock, &request("a")).await;
    assert!(matches!(acquired, Ok(Some(Acquired::Held(_)))));
    let overtaken = second.acquire(&store, &clock, &request("b")).await;
    assert!(matches!(overtaken, Ok(None)));
}

#[tokio::test]
async fn who_left_work_waiting_finds_it_and_nobody_else_does() {
    let (_folder, store, clock) = place();
    let mut lease = held(ask(&store, &clock, "a").await);
    let until = after(clock.now(), TTL);
    lease.suspend(&store, until, 7).await.expect("suspended");

    assert!(matches!(ask(&store, &clock, "b").await, Acquired::Busy(_)));
    let again = held(ask(&store, &clock, "a").await);
    assert_eq!((again.state(), again.generation()), (Some(&7), 2));

    again.release(&store, &clock).await.expect("released");
    let other = held(ask(&store, &clock, "b").await);
    assert_eq!(other.state(), None);
}

#[tokio::test]
async fn only_work_that_stopped_without_an_end_and_left_a_state_is_abandoned() {
    let (_folder, store, clock) = place();
    let is_abandoned = async || {
        let peek = peek(&store, "locks/x.json").await.expect("readable");
        peek.expect("a lease").is_abandoned(clock.now())
    };
    held(ask(&store, &clock, "a").await);
    clock.advance(TTL);
    assert!(!is_abandoned().await, "there is nothing to resume from");
    let mut killed = held(ask(&store, &clock, "a").await);
    killed.update(&store, &clock, TTL, 1).await.expect("updated");
    assert!(!is_abandoned().await, "it is at work");
    clock.advance(TTL);
    assert!(is_abandoned().await);

    let mut waiting = held(ask(&store, &clock, "a").await);
    let until = after(clock.now(), TTL);
    waiting.suspend(&store, until, 2).await.expect("suspended");
    assert!(!is_abandoned().await, "it may still be called");
    clock.advance(TTL);
    assert!(is_abandoned().await);

    let ended = held(ask(&store, &clock, "a").await);
    ended.release(&store, &clock).await.expect("released");
    assert!(!is_abandoned().await, "it came to an end");
}

#[tokio::test]
async fn a_write_of_the_holder_that_arrived_unnoticed_does_not_lose_the_lease() {
    let (_folder, store, clock) = place();
    let mut lease = held(ask(&store, &clock, "a").await);
    let mut unnoticed = Lease {
        key: lease.key.clone(),
        version: lease.version.clone(),
        record: lease.record.clone(),
    };
    unnoticed.update(&store, &clock, TTL, 1).await.expect("arrived");
    lease.update(&store, &clock, TTL, 2).await.expect("ours");
    assert_eq!(lease.state(), Some(&2));
}
