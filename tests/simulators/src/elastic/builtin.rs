//! What every real deployment has: reserved users and built-in roles.

use serde_json::{Value, json};

use super::world::{User, World};

/// Reserved users and their roles.
const USERS: [(&str, &[&str]); 7] = [
    ("elastic", &["superuser"]),
    ("kibana", &["kibana_system"]),
    ("kibana_system", &["kibana_system"]),
    ("logstash_system", &["logstash_system"]),
    ("beats_system", &["beats_system"]),
    ("apm_system", &["apm_system"]),
    (
        "remote_monitoring_user",
        &["remote_monitoring_collector", "remote_monitoring_agent"],
    ),
];

/// Built-in roles; which there are depends on the version.
const ROLES: [&str; 30] = [
    "apm_system",
    "apm_user",
    "beats_admin",
    "beats_system",
    "data_frame_transforms_admin",
    "data_frame_transforms_user",
    "editor",
    "enrich_user",
    "inference_admin",
    "ingest_admin",
    "kibana_admin",
    "kibana_system",
    "logstash_admin",
    "logstash_system",
    "machine_learning_admin",
    "machine_learning_user",
    "monitoring_user",
    "remote_monitoring_agent",
    "remote_monitoring_collector",
    "reporting_user",
    "rollup_admin",
    "rollup_user",
    "snapshot_user",
    "superuser",
    "transform_admin",
    "transform_user",
    "transport_client",
    "viewer",
    "watcher_admin",
    "watcher_user",
];

impl World {
    /// Adds a user of whom only the password can be changed.
    pub fn add_reserved_user(&mut self, deployment: &str, name: &str, roles: &[&str]) -> &mut Self {
        self.add_user(deployment, name, roles);
        self.set_metadata(deployment, name, json!({"_reserved": true}))
    }

    /// Adds the seven reserved users.
    pub fn add_reserved_users(&mut self, deployment: &str) -> &mut Self {
        for (name, roles) in USERS {
            self.add_reserved_user(deployment, name, roles);
        }
        self.edit_user(deployment, "kibana", deprecate)
    }

    /// Adds the thirty built-in roles.
    pub fn add_builtin_roles(&mut self, deployment: &str) -> &mut Self {
        for name in ROLES {
            let role = json!({
                "description": format!("Built-in: {name}."), "cluster": ["monitor"],
                "metadata": {"_reserved": true},
            });
            self.add_role(deployment, name, role);
        }
        self
    }
}

fn deprecate(user: &mut User) {
    let mut put = |key: &str, value: Value| user.metadata.insert(key.to_owned(), value);
    put("_deprecated", json!(true));
    put(
        "_deprecated_reason",
        json!("Please use the [kibana_system] user instead."),
    );
}
