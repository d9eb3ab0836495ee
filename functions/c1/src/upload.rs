//! Uploads the snapshot of a sync: from the store, through a file, in messages of half a megabyte.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use futures::stream::{self, Stream};
use rollcall_connector::event::SyncAnswer;
use rollcall_connector::{Chain, Code, Error};
use rollcall_engine::catalog::file;
use rollcall_engine::catalog::manifest::Manifest;
use rollcall_engine::store::get_json;
use rollcall_engine::store::keys::Keys;
use rollcall_snapshot::{Content, ScratchError, Snapshot, reduce};
use tempfile::TempDir;
use tonic::Code as GrpcCode;

use crate::agent::Agent;
use crate::outcome::TaskOutcome;
use crate::proto::{
    SyncFull, UploadAssetRequest, UploadData, UploadEof, UploadMetadata, UploadPart,
};
use crate::state::OpenTask;
use crate::work::Stop;

/// The size of a message, as the public connectors send it.
const PIECE: usize = 512 << 10;

/// How often an upload is tried.
const ATTEMPTS: u32 = 3;

/// The wait between two attempts, if the service asks for no other, and the longest one.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A file that is ready for its upload.
struct Asset {
    path: PathBuf,
    sha256: Vec<u8>,
    bytes: u64,
    _folder: TempDir,
}

impl Agent<'_> {
    /// Uploads the snapshot of a sync in the form that its options ask for.
    pub(crate) async fn upload(
        &self,
        task: &mut OpenTask,
        answer: &SyncAnswer,
        options: &SyncFull,
    ) -> Result<TaskOutcome, Stop> {
        let asset = match self.beating(task, self.asset(answer, options)).await? {
            Ok(asset) => asset,
            Err(e) => return Ok(TaskOutcome::of_failure(&e.into(), self.cx.clock.now(), false)),
        };
        loop {
            if task.uploads >= ATTEMPTS {
                let text = "the snapshot could not be uploaded in the time that there is";
                return Ok(TaskOutcome::error(GrpcCode::DeadlineExceeded, text, false));
            }
            task.uploads += 1;
            let (host_id, task_id) = (self.client.host_id().to_owned(), task.id.clone());
            let parts = || parts(&asset, &host_id, &task_id);
            let upload = async {
                tokio::select! {
                    biased;
                    () = self.cx.interrupt.raised() => Err(Stop::Suspended),
                    uploaded = self.client.upload(parts) => Ok(uploaded),
                }
            };
            let e = match self.beating(task, upload).await?? {
                Ok(()) => break,
                Err(e) => e,
            };
            self.listener.note(&format!("task {}: the upload failed: {}", task.id, Chain(&e)));
            if task.uploads >= ATTEMPTS || !e.is_temporary() {
                let failure = Error::from(e).into();
                return Ok(TaskOutcome::of_failure(&failure, self.cx.clock.now(), false));
            }
            let pause = e.retry_delay().map_or(PAUSE, |delay| delay.min(LONGEST_PAUSE));
            if !self.beating(task, self.cx.interrupt.sleep(&*self.cx.clock, pause)).await? {
                return Err(Stop::Suspended);
            }
        }
        let counts = answer.counts;
        Ok(TaskOutcome::success(format!(
            "uploaded {} bytes: {} resources, {} entitlements, {} grants",
            asset.bytes, counts.resources, counts.entitlements, counts.grants
        )))
    }

    /// The file to upload, with its checksum.
    async fn asset(&self, answer: &SyncAnswer, options: &SyncFull) -> Result<Asset, Error> {
        let keys = Keys { connector: self.connector, connection: self.connection };
        let sync_id = answer.sync_id.as_deref().unwrap_or_default();
        let (store, key) = (&*self.cx.store, keys.manifest(sync_id));
        let manifest = get_json::<Manifest>(store, &key).await?;
        let (manifest, _) = manifest.ok_or_else(|| file::absent(&store.place(&key)))?;
        let folder = match &self.cx.settings.scratch {
            Some(scratch) => TempDir::new_in(scratch),
            None => TempDir::new(),
        };
        let folder = folder.map_err(|e| Error::from(ScratchError::from(e)))?;
        let whole = folder.path().join("snapshot.c1z");
        file::download(store, &manifest.snapshot.key, Some(&manifest), &whole).await?;
        let Some(content) = content(options) else {
            let sha256 = hex::decode(&manifest.snapshot.sha256).unwrap_or_default();
            let bytes = manifest.snapshot.bytes;
            return Ok(Asset { path: whole, sha256, bytes, _folder: folder });
        };
        let path = whole.with_file_name("reduced.c1z");
        let to = path.clone();
        let reducing = move || reduce(&Snapshot::open(&whole)?, content, &to);
        let reduced = tokio::task::spawn_blocking(reducing).await.map_err(|e| {
            Error::internal(Code::FinishPanicked, "preparing the upload panicked").with_source(e)
        })??;
        let sha256 = hex::decode(&reduced.sha256).unwrap_or_default();
        Ok(Asset { path, sha256, bytes: reduced.bytes, _folder: folder })
    }
}

/// What of the snapshot is asked for, if that is not all of it.
fn content(options: &SyncFull) -> Option<Content> {
    match options {
        SyncFull { skip_entitlements_and_grants: true, .. } => Some(Content::ResourcesOnly),
        SyncFull { skip_grants: true, .. } => Some(Content::WithoutGrants),
        SyncFull { skip_expand_grants: true, .. } => Some(Content::Unexpanded),
        _ => None,
    }
}

/// The messages of an upload, from the first one on. If the file cannot be read to its end, the last one is missing, and
/// the service refuses the upload.
fn parts(
    asset: &Asset,
    host_id: &str,
    task_id: &str,
) -> impl Stream<Item = UploadAssetRequest> + Send + 'static {
    enum Next {
        Metadata(UploadMetadata),
        Data(File),
        End,
    }
    let metadata = UploadMetadata { host_id: host_id.to_owned(), task_id: task_id.to_owned() };
    let (path, sha256_checksum) = (asset.path.clone(), asset.sha256.clone());
    stream::unfold(Next::Metadata(metadata), move |next| {
        let (path, sha256_checksum) = (path.clone(), sha256_checksum.clone());
        async move {
            let (part, next) = match next {
                Next::Metadata(metadata) => {
                    (UploadPart::Metadata(metadata), Next::Data(File::open(path).ok()?))
                }
                Next::Data(mut file) => {
                    let mut data = Vec::with_capacity(PIECE);
                    let limit = u64::try_from(PIECE).ok()?;
                    (&mut file).take(limit).read_to_end(&mut data).ok()?;
                    match data.is_empty() {
                        true => (UploadPart::Eof(UploadEof { sha256_checksum }), Next::End),
                        false => (UploadPart::Data(UploadData { data }), Next::Data(file)),
                    }
                }
                Next::End => return None,
            };
            Some((UploadAssetRequest { part: Some(part) }, next))
        }
    })
}
