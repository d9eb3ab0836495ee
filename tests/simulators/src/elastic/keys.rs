//! API keys: those of Elastic Cloud and those of a deployment. Neither is good for the other.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::world::World;
use crate::base64;

/// The key of the organization's owner.
pub const TEST_CLOUD_KEY: &str = "essu_VkhKcVVVZFpRVUpEUkVWR1IwaEpTa3M2ZEdWemRBPT0AAAAA";
/// A key that sees one deployment and nothing else of the organization.
pub const SCOPED_CLOUD_KEY: &str = "essu_c2NvcGVkc2NvcGVkc2NvcGVkc2NvcGVkc2NvcGVkAAAAAA";
/// A key of the owner whose time is over.
pub const EXPIRED_CLOUD_KEY: &str = "essu_ZXhwaXJlZGV4cGlyZWRleHBpcmVkZXhwaXJlZGV4cGlyAAAA";
/// A key that reaches both organizations of the rich world.
pub const WIDE_CLOUD_KEY: &str = "essu_d2lkZXdpZGV3aWRld2lkZXdpZGV3aWRld2lkZXdpZGUAAAAA";

/// A key of the deployment `main` that may do everything to its users. The vendor's own example.
pub const TEST_DEPLOYMENT_KEY: &str =
    "VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==";
/// A key of `main` that may read.
pub const READ_DEPLOYMENT_KEY: &str =
    "UmVBZE9uTHlDZGJrUW0tZTVhT3g6cmVhZC1zZWNyZXQtMDAwMDAwMDAwMA==";
/// A key of `main` without any privilege.
pub const BARE_DEPLOYMENT_KEY: &str =
    "QmFSZUtlWXlDZGJrUW0tZTVhT3g6YmFyZS1zZWNyZXQtMDAwMDAwMDAwMA==";
/// A key of `main` whose time is over.
pub const EXPIRED_DEPLOYMENT_KEY: &str =
    "RXhQaVJlRHlDZGJrUW0tZTVhT3g6b2xkLXNlY3JldC0wMDAwMDAwMDAwMA==";
/// The key of the deployment `second`.
pub const SECOND_DEPLOYMENT_KEY: &str =
    "U2VDb05kRGVDZGJrUW0tZTVhT3g6c2Vjb25kLXNlY3JldC0wMDAwMDAwMA==";

/// A key of the Cloud API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudKey {
    /// What is sent.
    pub secret: String,
    /// The organizations it reaches: one, for a key as the vendor makes them today.
    pub organizations: Vec<String>,
    /// What it sees of them.
    pub scope: Scope,
    /// Until when it is good; for ever if it is `None`.
    pub expires: Option<Timestamp>,
}

/// What a key of the Cloud API sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything: it has the role of an organization's owner.
    Owner,
    /// These deployments, and what is assigned on them.
    Deployments(BTreeSet<String>),
}

/// A key of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentKey {
    /// What is sent: base64 of `id:secret`.
    pub encoded: String,
    /// `name`.
    pub name: String,
    /// The user who made it.
    pub owner: String,
    /// Cluster privileges: `manage_security`, `read_security`, `all`.
    pub privileges: BTreeSet<String>,
    /// Whether it has expired, or has been invalidated.
    pub expired: bool,
}

impl CloudKey {
    /// Whether its time is over.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.expires.is_some_and(|end| end <= Timestamp::now())
    }
}

impl DeploymentKey {
    /// `id`: what is before the colon.
    #[must_use]
    pub fn id(&self) -> String {
        key_id(&self.encoded).unwrap_or_default()
    }
}

/// The id in what is sent, if it is base64 with a colon in it at all.
pub(crate) fn key_id(encoded: &str) -> Option<String> {
    let text = String::from_utf8(base64::decode(encoded)?).ok()?;
    let (id, secret) = text.split_once(':')?;
    (!id.is_empty() && !secret.is_empty()).then(|| id.to_owned())
}

impl World {
    /// Adds an owner's key that never expires.
    pub fn add_cloud_key(&mut self, secret: &str, organizations: &[&str]) -> &mut Self {
        self.cloud_keys.push(CloudKey {
            secret: secret.to_owned(),
            organizations: organizations.iter().map(|&id| id.to_owned()).collect(),
            scope: Scope::Owner,
            expires: None,
        });
        self
    }

    /// Changes a key of the Cloud API.
    pub fn edit_cloud_key(
        &mut self,
        secret: &str,
        change: impl FnOnce(&mut CloudKey),
    ) -> &mut Self {
        if let Some(key) = self.cloud_keys.iter_mut().find(|key| key.secret == secret) {
            change(key);
        }
        self
    }

    /// Adds a key of a deployment with these cluster privileges.
    pub fn add_deployment_key(
        &mut self,
        deployment: &str,
        encoded: &str,
        privileges: &[&str],
    ) -> &mut Self {
        let key = DeploymentKey {
            encoded: encoded.to_owned(),
            name: "governance".to_owned(),
            owner: "1234567890".to_owned(),
            privileges: privileges.iter().map(|&name| name.to_owned()).collect(),
            expired: false,
        };
        self.edit_cluster(deployment, |cluster| cluster.keys.push(key))
    }

    /// Changes a key of a deployment.
    pub fn edit_deployment_key(
        &mut self,
        deployment: &str,
        encoded: &str,
        change: impl FnOnce(&mut DeploymentKey),
    ) -> &mut Self {
        self.edit_cluster(deployment, |cluster| {
            let mut keys = cluster.keys.iter_mut();
            if let Some(key) = keys.find(|key| key.encoded == encoded) {
                change(key);
            }
        })
    }
}
