//! The principal of a change: given by its id, or found in the newest snapshot by address, login or name.

use rollcall_connector::event::check_connection;
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_engine::context::Context;
use rollcall_engine::store::keys::Keys;
use rollcall_model::ResourceId;

use crate::args::Target;
use crate::output;
use crate::snapshot::newest;

/// The id of the principal that `text` names. A text of the form `type:id` is the id; any other is looked up, and the
/// result is shown.
pub(crate) async fn resolve(cx: &Context, target: &Target, text: &str) -> Result<String, Error> {
    if ResourceId::parse(text).is_some() {
        return Ok(text.to_owned());
    }
    let (connector, connection) = (target.connector.as_str(), target.connection());
    check_connection(connection)?;
    let keys = Keys { connector, connection };
    let Some((latest, snapshot)) = newest(&*cx.store, keys).await? else {
        return Err(nowhere_to_look(target, text));
    };
    let found = snapshot.principal(text)?;
    let (id, name, sync, at) = (&found.id, &found.display_name, latest.sync_id, latest.ended_at);
    output::note(&format!("principal: {id} ({name}), from snapshot {sync} of {at:.0}"));
    Ok(found.id)
}

fn nowhere_to_look(target: &Target, text: &str) -> Error {
    let (connector, connection) = (&target.connector, target.connection());
    let sync = target.command(&["sync", connector]);
    Error::new(
        ErrorType::NotFound,
        Code::NoSnapshot,
        format!(
            "`{text}` is not `type:id`, and {connector}/{connection} has no snapshot to find it in"
        ),
        format!("Give the principal as `type:id`, or sync first: {sync}"),
    )
}
