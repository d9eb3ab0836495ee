//! Where states lead: every name is of a state, and every state is reached.

use std::collections::BTreeSet;

use super::definition::{Graph, State, Work};
use super::fields::{Invalid, Result};

/// Checks the states at this place (empty for the machine), and those of the Map states among them.
pub(super) fn validate(graph: &Graph, place: &str) -> Result<()> {
    let at = |name: &str| match place {
        "" => name.to_owned(),
        place => format!("{place}.{name}"),
    };
    let unknown = |place: String, name: &str| Invalid::new(place, format!("{name:?} is no state"));
    if !graph.states.contains_key(&graph.start) {
        return Err(unknown(at("StartAt"), &graph.start));
    }
    for (name, state) in &graph.states {
        for (field, target) in targets(state) {
            if !graph.states.contains_key(target) {
                return Err(unknown(at(&format!("States.{name}.{field}")), target));
            }
        }
        if let Work::Map { processor, .. } = &state.work {
            validate(processor, &at(&format!("States.{name}.ItemProcessor")))?;
        }
    }
    let reached = reached(graph);
    match graph
        .states
        .keys()
        .find(|name| !reached.contains(name.as_str()))
    {
        None => Ok(()),
        Some(name) => Err(Invalid::new(
            at(&format!("States.{name}")),
            "is never reached",
        )),
    }
}

/// The states that a state leads to, each with the field that says so.
fn targets(state: &State) -> Vec<(String, &str)> {
    let mut targets: Vec<(String, &str)> = state
        .next
        .iter()
        .map(|next| ("Next".to_owned(), next.as_str()))
        .collect();
    for (index, catcher) in state.policy.catchers.iter().enumerate() {
        targets.push((format!("Catch[{index}].Next"), &catcher.next));
    }
    if let Work::Choice { rules, default } = &state.work {
        for (index, (_, next)) in rules.iter().enumerate() {
            targets.push((format!("Choices[{index}].Next"), next));
        }
        targets.extend(
            default
                .iter()
                .map(|next| ("Default".to_owned(), next.as_str())),
        );
    }
    targets
}

fn reached(graph: &Graph) -> BTreeSet<&str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![graph.start.as_str()];
    while let Some(name) = open.pop() {
        if let Some(state) = graph.states.get(name)
            && reached.insert(name)
        {
            open.extend(targets(state).into_iter().map(|(_, target)| target));
        }
    }
    reached
}
