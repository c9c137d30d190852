//! The server that is measured, ours or another one.

use client::Rest;
use serde_json::json;

use super::{
    magpie::{ADMIN, Magpie, SDKAPPID, SECRET},
    wire::Wire,
};

/// The most that one call imports.
const IMPORT_MAX: usize = 100;
/// REST connections for what is not measured.
const CONNECTIONS: usize = 16;

#[derive(Clone)]
pub struct Target {
    pub base: String,
    pub sdkappid: u32,
    pub admin: String,
    pub secret: String,
    /// Where its process can be looked at.
    pub pid: Option<u32>,
}

impl Target {
    pub fn of(magpie: &Magpie) -> Target {
        Target {
            base: magpie.base.clone(),
            sdkappid: SDKAPPID,
            admin: ADMIN.to_owned(),
            secret: SECRET.to_owned(),
            pid: Some(magpie.pid()),
        }
    }

    pub fn rest(&self, connections: usize) -> anyhow::Result<Rest> {
        Ok(Rest::with_connections(&self.base, self.sdkappid, &self.admin, &self.secret, connections)?)
    }

    /// For everything around a measurement.
    pub fn side_rest(&self) -> anyhow::Result<Rest> {
        self.rest(CONNECTIONS)
    }

    pub async fn import(&self, users: &[String]) -> anyhow::Result<()> {
        let rest = self.side_rest()?;
        for some in users.chunks(IMPORT_MAX) {
            let answer =
                rest.call("im_open_login_svc/multiaccount_import", &json!({ "Accounts": some })).await?;
            let failed = &answer["FailAccounts"];
            anyhow::ensure!(failed.as_array().is_some_and(Vec::is_empty), "not imported: {failed}");
        }
        Ok(())
    }

    /// A socket with `user` logged in. `number` names the instance.
    pub async fn socket(&self, rest: &Rest, user: &str, number: u64) -> anyhow::Result<Wire> {
        Wire::open(&self.base, self.sdkappid, user, &rest.user_sig(user), number).await
    }
}
