//! The accounts of one person in the newest snapshots of every connection.

use std::collections::BTreeSet;

use clap::Args;
use rollcall_connector::event::check_connection;
use rollcall_connector::{Chain, Code, Error, ErrorType};
use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::store::Store;
use rollcall_engine::store::keys::Keys;
use rollcall_snapshot::{Likeness, Resource, Snapshot, are_one_person};

use crate::offboard::plan::Basis;
use crate::output;
use crate::snapshot::{newest, nothing};

/// How many accounts that look alike an error lists.
const LISTED: usize = 10;

/// The option that adds accounts, or settles which are meant.
#[derive(Debug, Default, Args)]
pub(crate) struct AccountArgs {
    /// Add this account, as `rollcall access` lists it; among matches of different people,
    /// only it is meant
    #[arg(long = "account", value_name = "ID")]
    pub(crate) accounts: Vec<String>,
}

/// A connection with its newest snapshot.
pub(crate) struct Newest {
    pub(crate) connector: String,
    pub(crate) connection: String,
    pub(crate) latest: Latest,
    pub(crate) snapshot: Snapshot,
}

impl Newest {
    /// `connector/connection`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.connector, self.connection)
    }

    /// The snapshot as the basis of a plan or review.
    pub(crate) fn basis(&self) -> Basis {
        Basis {
            connector: self.connector.clone(),
            connection: self.connection.clone(),
            sync_id: self.latest.sync_id.clone(),
            content_digest: self.latest.content_digest.clone(),
            taken_at: self.latest.ended_at,
        }
    }

    /// The id of one of its accounts among those of all connections.
    fn id_of(&self, account: &str) -> String {
        format!("{}/{account}", self.name())
    }
}

/// The newest snapshots of a store.
pub(crate) struct Snapshots {
    /// Those that can be read, by the names of their connections.
    pub(crate) readable: Vec<Newest>,
    /// The connections whose snapshots cannot be read, each with the reason.
    pub(crate) unreadable: Vec<(String, Error)>,
}

impl Snapshots {
    /// Opens the newest snapshot of every connection, or of those with this name. Fails if none can be read.
    pub(crate) async fn open(store: &dyn Store, only: Option<&str>) -> Result<Self, Error> {
        only.map(check_connection).transpose()?;
        let mut found = Self { readable: Vec::new(), unreadable: Vec::new() };
        for key in store.list("latest/").await? {
            let name = key.trim_start_matches("latest/").trim_end_matches(".json");
            let Some((connector, connection)) = name.split_once('/') else {
                continue;
            };
            if only.is_some_and(|only| only != connection) {
                continue;
            }
            match newest(store, Keys { connector, connection }).await {
                Ok(Some((latest, snapshot))) => found.readable.push(Newest {
                    connector: connector.to_owned(),
                    connection: connection.to_owned(),
                    latest,
                    snapshot,
                }),
                // The pointer was removed meanwhile.
                Ok(None) => {}
                Err(e) => found.unreadable.push((name.to_owned(), e)),
            }
        }
        if found.readable.is_empty() {
            return Err(match found.unreadable.pop() {
                Some((_, e)) => e,
                None => nothing(&store.place("latest/")),
            });
        }
        Ok(found)
    }

    /// Reports the connections that are missing. The result is whether there are any.
    pub(crate) fn report_unreadable(&self) -> bool {
        for (name, e) in &self.unreadable {
            output::note(&format!("error[{}]: {name} is left out: {}", e.code(), Chain(e)));
            output::note(&format!("fix: {}", e.fix()));
        }
        !self.unreadable.is_empty()
    }

    /// The accounts of the person with this e-mail address or login, and those that `args` names. Where those of a
    /// connection are of different people, only those that are named. Fails if there are none, or none is named there.
    pub(crate) fn person(&self, who: &str, args: &AccountArgs) -> Result<Person<'_>, Error> {
        let candidates = self.candidates(who)?;
        let is_named = |c: &Candidate<'_>| {
            let (id, full) = (&c.account.id, c.at.id_of(&c.account.id));
            args.accounts.iter().any(|named| named == id || *named == full)
        };
        let mut unused = args.accounts.iter().filter(|named| {
            let has =
                |c: &Candidate<'_>| c.account.id == **named || c.at.id_of(&c.account.id) == **named;
            !candidates.iter().any(has)
        });
        if let Some(named) = unused.next() {
            return Err(not_a_candidate(named, who, &candidates));
        }
        let mut settled = BTreeSet::new();
        for newest in &self.readable {
            let here = candidates.iter().filter(|c| std::ptr::eq(c.at, newest));
            let matches: Vec<_> = here.clone().filter(|c| c.likeness.is_match()).collect();
            if are_all_one_person(who, &matches) {
                continue;
            }
            if !here.into_iter().any(is_named) {
                return Err(ambiguous(who, &matches));
            }
            settled.insert(newest.name());
        }
        let (accounts, alike): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|c| {
            is_named(c) || (c.likeness.is_match() && !settled.contains(&c.at.name()))
        });
        if accounts.is_empty() {
            return Err(self.nobody(who, &alike));
        }
        Ok(Person { accounts, alike })
    }

    /// The accounts that match, and those that look alike; the latter depend on the names of the former.
    fn candidates(&self, who: &str) -> Result<Vec<Candidate<'_>>, Error> {
        let mut names = BTreeSet::new();
        for newest in &self.readable {
            let like = newest.snapshot.accounts_like(who, &BTreeSet::new())?.into_iter();
            let matches = like.filter(|(_, likeness)| likeness.is_match());
            names.extend(matches.map(|(account, _)| account.display_name.to_lowercase()));
        }
        names.remove("");
        let mut candidates = Vec::new();
        for at in &self.readable {
            let like = at.snapshot.accounts_like(who, &names)?.into_iter();
            candidates.extend(like.map(|(account, likeness)| Candidate { at, account, likeness }));
        }
        Ok(candidates)
    }

    fn nobody(&self, who: &str, alike: &[Candidate<'_>]) -> Error {
        let names: Vec<_> = self.readable.iter().map(Newest::name).collect();
        let names = names.join(", ");
        let mut message = format!(
            "no account has the address or login `{who}` in the newest snapshots of {names}"
        );
        if !alike.is_empty() {
            message.push_str(&format!("; these look alike: {}", listed(alike.iter())));
        }
        let fix = "Check the spelling, and --store; sync if the account is new. If an account that looks alike is meant, name it with --account.";
        Error::new(ErrorType::NotFound, Code::UnknownPrincipal, message, fix)
    }
}

/// A person's accounts.
pub(crate) struct Person<'a> {
    pub(crate) accounts: Vec<Candidate<'a>>,
    /// Accounts that only look like theirs.
    pub(crate) alike: Vec<Candidate<'a>>,
}

/// An account that is, or looks like, a person's.
pub(crate) struct Candidate<'a> {
    pub(crate) at: &'a Newest,
    pub(crate) account: Resource,
    pub(crate) likeness: Likeness,
}

/// Accounts with their names and the reason why they are listed.
pub(crate) fn listed<'a>(accounts: impl Iterator<Item = &'a Candidate<'a>>) -> String {
    let accounts: Vec<_> = accounts.collect();
    let shown = accounts.iter().take(LISTED).map(|c| {
        let (id, name, why) =
            (c.at.id_of(&c.account.id), &c.account.display_name, c.likeness.reason());
        format!("{id} ({name}: {why})")
    });
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if let more @ 1.. = accounts.len().saturating_sub(LISTED) {
        text.push_str(&format!(", and {more} more"));
    }
    text
}

fn are_all_one_person(who: &str, accounts: &[&Candidate<'_>]) -> bool {
    let all = accounts.iter().enumerate();
    let mut pairs = all.flat_map(|(n, a)| accounts[..n].iter().map(move |b| (a, b)));
    pairs.all(|(a, b)| are_one_person(who, &a.account, &b.account))
}

fn ambiguous(who: &str, here: &[&Candidate<'_>]) -> Error {
    let example = here.first().map(|c| c.at.id_of(&c.account.id)).unwrap_or_default();
    Error::invalid(
        Code::AmbiguousPrincipal,
        format!("`{who}` matches accounts of different people: {}", listed(here.iter().copied())),
        format!("Name the one that is meant, as in: --account {example}"),
    )
}

fn not_a_candidate(named: &str, who: &str, candidates: &[Candidate<'_>]) -> Error {
    let message = match candidates {
        [] => format!("--account `{named}` does not match `{who}`, and no account does"),
        some => format!(
            "--account `{named}` is none of the accounts that match or resemble `{who}`: {}",
            listed(some.iter())
        ),
    };
    Error::new(
        ErrorType::NotFound,
        Code::UnknownPrincipal,
        message,
        "Use an id that the command `access` lists for the same address.",
    )
}
