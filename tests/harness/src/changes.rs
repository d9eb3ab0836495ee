//! What syncs and changes of access come to.

use rollcall_connector::Error;
use serde_json::Value;

use crate::conformance::answer_of;

type Changed = Result<Value, Error>;

pub fn outcome(result: Changed, expected: &str) -> Value {
    let answer = answer_of(result);
    assert_eq!(answer["outcome"], expected, "{answer:#}");
    answer
}

/// What a sync or a change came to: its status or outcome, or the code of its failure.
pub fn result_of(result: &Changed) -> &str {
    match result {
        Ok(answer) => {
            let end = answer["outcome"].as_str().or(answer["status"].as_str());
            end.expect("an outcome or a status")
        }
        Err(error) => error.code().as_str(),
    }
}

pub fn ids<'a>(answer: &'a Value, field: &str) -> Vec<&'a str> {
    let list = answer[field].as_array().expect("a list");
    let id = |item: &'a Value| item.as_str().or(item["id"].as_str()).expect("an id");
    list.iter().map(id).collect()
}
