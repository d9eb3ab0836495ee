//! Display names of resources by id, for lists that show ids.

use std::collections::HashMap;

use prost::Message;
use rollcall_model::Error;

use crate::read::Snapshot;

/// How many names are remembered: memory stays flat, however long the list.
const REMEMBERED: usize = 10_000;

/// The one field of a resource's message that is decoded.
#[derive(Clone, PartialEq, Message)]
struct DisplayName {
    #[prost(string, tag = "3")]
    display_name: String,
}

/// Looks up display names in a snapshot.
pub struct Names<'a> {
    snapshot: &'a Snapshot,
    known: HashMap<String, String>,
}

impl Snapshot {
    /// The display names of this snapshot's resources.
    pub fn names(&self) -> Names<'_> {
        Names { snapshot: self, known: HashMap::new() }
    }
}

impl Names<'_> {
    /// The display name of the resource with this id, `type:id`; empty if the snapshot does not have it.
    pub fn get(&mut self, id: &str) -> Result<String, Error> {
        if let Some(name) = self.known.get(id) {
            return Ok(name.clone());
        }
        let found = self.snapshot.find("v1_resources", id, |data| DisplayName::decode(data))?;
        let name = found.map(|found| found.display_name).unwrap_or_default();
        if self.known.len() == REMEMBERED {
            self.known.clear();
        }
        self.known.insert(id.to_owned(), name.clone());
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn a_name_is_looked_up_by_id() {
        let snapshot = testing::open(&testing::world());
        let mut names = snapshot.names();
        for (id, name) in
            [("user:u1", "Ada"), ("group:g1", "Inner"), ("user:u1", "Ada"), ("x:y", "")]
        {
            assert_eq!(names.get(id).expect("readable"), name, "{id}");
        }
    }
}
