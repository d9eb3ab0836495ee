//! Proper requests.

use rollcall_simulators::northflank::{Northflank, Options, TEST_TOKEN, World};
use serde_json::Value;

pub(crate) use crate::wire::Reply;
use crate::wire::exchange;

/// What a proper request has besides its token.
pub(crate) const PROPER: [(&str, &str); 2] = [
    ("accept", "application/json"),
    ("content-type", "application/json"),
];

/// Who is in a role.
pub(crate) const DEVELOPERS: &str = "/v1/org-roles/developer/members";

impl Reply {
    /// The id of an error.
    pub(crate) fn id(&self) -> &str {
        self.json["error"]["id"].as_str().unwrap_or_default()
    }

    /// The rows of a list.
    pub(crate) fn rows(&self) -> &[Value] {
        let data = self.json["data"].as_object().unwrap();
        assert_eq!(data.len(), 1, "{data:?}");
        data.values().next().unwrap().as_array().unwrap()
    }

    /// The ids of a list's rows; of those without one, `null`.
    pub(crate) fn ids(&self) -> Vec<&str> {
        let ids = self.rows().iter().map(|row| &row["id"]);
        ids.map(|id| id.as_str().unwrap_or("null")).collect()
    }

    /// The row with this id.
    pub(crate) fn row(&self, id: &str) -> &Value {
        self.rows().iter().find(|row| row["id"] == id).unwrap()
    }

    /// The cursor of the next page, escaped.
    pub(crate) fn cursor(&self) -> Option<String> {
        self.json["pagination"]["cursor"].as_str().map(escaped)
    }
}

/// A text as it is in a query.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('%', "%25")
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
}

pub(crate) async fn sim(world: World) -> Northflank {
    Northflank::start(world, Options::default()).await.unwrap()
}

/// The worked example with other switches.
pub(crate) async fn sim_with(change: impl FnOnce(&mut Options)) -> Northflank {
    let mut options = Options::default();
    change(&mut options);
    Northflank::start(World::worked_example(), options)
        .await
        .unwrap()
}

/// A proper `GET` with the token that may read everything.
pub(crate) async fn get(sim: &Northflank, path: &str) -> Reply {
    get_as(sim, TEST_TOKEN, path).await
}

pub(crate) async fn get_as(sim: &Northflank, token: &str, path: &str) -> Reply {
    send(sim, token, path).await.unwrap()
}

/// The same, and `None` if there is no answer.
pub(crate) async fn send(sim: &Northflank, token: &str, path: &str) -> Option<Reply> {
    let token = format!("Bearer {token}");
    let [accept, kind] = PROPER;
    let headers = [("authorization", token.as_str()), accept, kind];
    exchange(&sim.base_url(), "GET", path, &headers, "").await
}

/// All pages of a list, by cursor.
pub(crate) async fn all(sim: &Northflank, path: &str) -> Vec<Value> {
    let mark = if path.contains('?') { '&' } else { '?' };
    let (mut rows, mut next) = (Vec::new(), String::new());
    loop {
        let page = get(sim, &format!("{path}{mark}per_page=100{next}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert_eq!(page.json["pagination"]["count"], page.rows().len());
        rows.extend_from_slice(page.rows());
        let more = page.json["pagination"]["hasNextPage"] == true;
        assert_eq!(more, page.cursor().is_some());
        match page.cursor() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => return rows,
        }
    }
}
