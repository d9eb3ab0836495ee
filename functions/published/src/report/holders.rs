//! Who holds what, with what groups and roles give: the closure of the stated grants under the edges.

use std::collections::{HashSet, VecDeque};

use super::records::{Account, Records};

/// Who holds what.
pub(super) struct Holders {
    /// The derived holders of each entitlement.
    derived: Vec<HashSet<u32>>,
    /// How many entitlements each resource holds.
    pub(super) held: Vec<u32>,
    /// How many accounts hold an entitlement of each resource.
    pub(super) reach: Vec<u32>,
    /// All grants, derived ones included.
    pub(super) grants: u64,
}

impl Holders {
    /// Follows the edges until nothing is added.
    pub(super) fn of(records: &Records) -> Self {
        let count = records.entitlements.len();
        let mut derived = vec![HashSet::new(); count];
        for stated in &records.stated {
            add(records, &mut derived, stated.entitlement, stated.principal);
        }
        let mut queue: VecDeque<u32> = records.edges.iter().map(|edge| edge.from).collect();
        let mut is_queued = vec![false; count];
        queue.retain(|from| !std::mem::replace(&mut is_queued[*from as usize], true));
        while let Some(from) = queue.pop_front() {
            is_queued[from as usize] = false;
            for edge in records.edges_from(from) {
                let passed_on: Vec<u32> = match edge.shallow {
                    true => Vec::new(),
                    false => derived[from as usize].iter().copied().collect(),
                };
                let direct = records.direct_of(from).iter().map(|(_, principal)| *principal);
                let mut is_changed = false;
                for principal in direct.chain(passed_on) {
                    if edge.admits(records.resources[principal as usize].kind) {
                        is_changed |= add(records, &mut derived, edge.to, principal);
                    }
                }
                if is_changed && !std::mem::replace(&mut is_queued[edge.to as usize], true) {
                    queue.push_back(edge.to);
                }
            }
        }
        let mut holders = Self {
            derived,
            held: vec![0; records.resources.len()],
            reach: vec![0; records.resources.len()],
            grants: 0,
        };
        holders.tally(records);
        holders
    }

    fn tally(&mut self, records: &Records) {
        let mut on: Vec<Vec<u32>> = vec![Vec::new(); records.resources.len()];
        for (number, entitlement) in (0..).zip(&records.entitlements) {
            on[entitlement.resource as usize].push(number);
        }
        for (resource, entitlements) in on.iter().enumerate() {
            let mut accounts = Vec::new();
            for entitlement in entitlements {
                for principal in self.of_entitlement(records, *entitlement) {
                    accounts.push(principal);
                }
            }
            self.grants += accounts.len() as u64;
            accounts.iter().for_each(|principal| self.held[*principal as usize] += 1);
            accounts.retain(|principal| records.resources[*principal as usize].account.is_some());
            accounts.sort_unstable();
            accounts.dedup();
            self.reach[resource] = u32::try_from(accounts.len()).unwrap_or(u32::MAX);
        }
    }

    /// The holders of an entitlement: first the direct ones, then the others.
    pub(super) fn of_entitlement(
        &self,
        records: &Records,
        entitlement: u32,
    ) -> impl Iterator<Item = u32> {
        let direct = records.direct_of(entitlement).iter().map(|(_, principal)| *principal);
        direct.chain(self.derived[entitlement as usize].iter().copied())
    }

    /// The accounts that hold an entitlement, in the order of their numbers.
    pub(super) fn accounts(&self, records: &Records, entitlement: u32) -> Vec<(u32, Account)> {
        let holders = self.of_entitlement(records, entitlement);
        let account = |principal: u32| {
            records.resources[principal as usize].account.map(|account| (principal, account))
        };
        let mut accounts: Vec<_> = holders.filter_map(account).collect();
        accounts.sort_unstable_by_key(|(principal, _)| *principal);
        accounts
    }
}

/// Adds a derived holder, unless it holds the entitlement. Returns whether it did not.
fn add(records: &Records, derived: &mut [HashSet<u32>], entitlement: u32, principal: u32) -> bool {
    let is_direct = records.direct.binary_search(&(entitlement, principal)).is_ok();
    !is_direct && derived[entitlement as usize].insert(principal)
}
