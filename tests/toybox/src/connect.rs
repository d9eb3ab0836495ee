//! The connector with its configuration, and its key's owner.

use async_trait::async_trait;
use rollcall_connector::config::Config;
use rollcall_connector::http::Session;
use rollcall_connector::{About, Connector, Error, Identity};
use rollcall_model::ResourceId;

use crate::ABOUT;
use crate::access::USER;
use crate::api::Api;

/// The connector, connected.
pub struct Toybox {
    pub(crate) api: Api,
}

#[async_trait]
impl Connector for Toybox {
    const ABOUT: &'static About = &ABOUT;

    fn connect(config: &Config, session: Session) -> Result<Self, Error> {
        let api = Api::new(config.url("base-url")?, config.secret("api-key")?.clone(), session)?;
        Ok(Self { api })
    }

    async fn identify(&self) -> Result<Identity, Error> {
        let me = self.api.me().await?;
        Ok(Identity {
            tenant: me.tenant,
            caller: ResourceId::new(USER, &me.id),
            caller_name: me.id,
            rights: "reads and changes groups".into(),
            credential_expires_at: None,
            warnings: Vec::new(),
        })
    }
}
