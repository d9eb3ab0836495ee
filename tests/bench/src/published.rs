//! What it takes to make changes, report and tables of a large snapshot.

use std::path::Path;
use std::time::Instant;

use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::store::get_json;
use rollcall_engine::store::keys::Keys;
use rollcall_published::{Products, PublishedEvent, publish as follow};

use crate::synthetic::{context, in_process, resources};
use crate::{Failed, line, mib};

const KEYS: Keys<'static> = Keys { connector: "synthetic", connection: "default" };

/// Measures each product of a snapshot in which nearly everything is new.
pub(crate) fn measure() -> Result<(), Failed> {
    for grants in ["100000", "1000000"] {
        line("\nWhat follows a snapshot, after one of 1,000 grants");
        let folder = tempfile::tempdir()?;
        let store = folder.path().to_string_lossy();
        in_process(&["write", "1000", &store])?;
        in_process(&["write", grants, &store])?;
        for product in ["changes", "report", "tables"] {
            in_process(&["publish", product, &store])?;
            // Else the next one would find that all is made.
            std::fs::remove_dir_all(folder.path().join("published"))?;
        }
    }
    Ok(())
}

/// Makes a product of the newest snapshot in this store.
pub(crate) fn publish(product: &str, store: &str) -> Result<(), Failed> {
    let cx = context(store)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let latest = runtime.block_on(get_json::<Latest>(&*cx.store, &KEYS.latest()))?;
    let event = PublishedEvent {
        connector: KEYS.connector.to_owned(),
        connection: KEYS.connection.to_owned(),
        sync_id: latest.ok_or("no snapshot")?.0.sync_id,
    };
    let products = Products::parse(product)?;
    let began = Instant::now();
    let answer = runtime.block_on(follow(&cx, &event, products, None))?;
    let wall = began.elapsed().as_secs_f64();
    let size = |key: &String| Ok::<_, Failed>(std::fs::metadata(Path::new(store).join(key))?.len());
    let sizes: Result<Vec<u64>, _> = answer.written.iter().map(size).collect();
    let (resources, size) = (resources()?, mib(sizes?.into_iter().sum()));
    line(&format!("  {product}: {wall:.1} s, {resources}, files {size:.1} MiB"));
    Ok(())
}
