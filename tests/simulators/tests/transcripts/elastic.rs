//! Elastic. A path of a deployment goes to `main`, unless the name of a host stands before it.

use rollcall_simulators::{
    Ordering, Server, Simulator,
    elastic::{
        self, BARE_DEPLOYMENT_KEY, EXPIRED_CLOUD_KEY, EXPIRED_DEPLOYMENT_KEY, Elastic, Options,
        READ_DEPLOYMENT_KEY, SCOPED_CLOUD_KEY, SECOND_DEPLOYMENT_KEY, TEST_CLOUD_KEY,
        TEST_DEPLOYMENT_KEY, WIDE_CLOUD_KEY, World,
    },
};

use crate::player::{Stage, play};

struct Vendor;

impl Stage for Vendor {
    type Api = elastic::Vendor;

    async fn start(setup: &str) -> Simulator<Self::Api> {
        let mut options = Options::default();
        let mut world = World::worked_example();
        match setup {
            "the worked example" => {}
            "every oddity" => world = World::rich(),
            "reversed" => options.ordering = Ordering::Reversed,
            "pages of one" => {
                world = World::rich();
                options.force_page_size = Some(1);
            }
            "another page of organizations" => options.next_page = Some("MTIz".to_owned()),
            "two requests" => {
                options.quota.requests = 2;
                options.quota.retry_after = Some(7);
            }
            "mappings for readers" => options.mappings_need_manage_security = false,
            "a hiccup" => options.hiccups = 1,
            "a write is forgotten" => options.forgotten_writes = 1,
            "a serverless project" => {
                world.edit_cluster("main", |main| main.serverless = true);
            }
            "gone" => {
                world.edit_cluster("main", |main| main.gone = true);
            }
            setup => panic!("unknown setup {setup}"),
        }
        Elastic::start(world, options).await.expect("a simulator")
    }

    fn headers(who: &str) -> Vec<(&'static str, String)> {
        let key = match who {
            "" | "CLOUD" => TEST_CLOUD_KEY,
            "SCOPED" => SCOPED_CLOUD_KEY,
            "EXPIRED-CLOUD" => EXPIRED_CLOUD_KEY,
            "WIDE" => WIDE_CLOUD_KEY,
            "MAIN" => TEST_DEPLOYMENT_KEY,
            "READER" => READ_DEPLOYMENT_KEY,
            "BARE" => BARE_DEPLOYMENT_KEY,
            "EXPIRED" => EXPIRED_DEPLOYMENT_KEY,
            "SECOND" => SECOND_DEPLOYMENT_KEY,
            other => other,
        };
        vec![("authorization", format!("ApiKey {key}")), ("accept", "application/json".to_owned())]
    }

    fn host<'a>(sim: &'a Simulator<Self::Api>, path: &'a str) -> (&'a Server, &'a str) {
        let (name, path) = match path.split_once(":/") {
            Some(("cloud", _)) => ("", &path["cloud:".len()..]),
            Some((name, _)) => (name, &path[name.len() + 1..]),
            None if path.starts_with("/_") => ("main", path),
            None => ("", path),
        };
        (sim.host(name).expect("a host"), path)
    }
}

#[tokio::test]
async fn elastic_answers_as_documented() {
    play::<Vendor>(include_str!("elastic.txt")).await;
}
