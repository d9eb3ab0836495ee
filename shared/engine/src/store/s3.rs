//! A store that is an S3 bucket, or a prefix of one.

use std::io::Write;
use std::path::Path;

use async_trait::async_trait;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;

use super::{Body, Object, PutError, PutMode, Store, Version};
use crate::aws;
use crate::aws::Sdk;
use rollcall_connector::{Code, Error, ErrorType};

/// How often a write that raced with another one is retried (409, as opposed to a condition that is not met).
const RACES: usize = 3;

/// A store that is an S3 bucket, or a prefix of one.
#[derive(Debug)]
pub struct S3 {
    sdk: Sdk,
    bucket: String,
    prefix: String,
}

impl S3 {
    /// The store at `s3://bucket` or `s3://bucket/prefix`.
    pub fn parse(url: &str, sdk: Sdk) -> Option<Self> {
        let rest = url.strip_prefix("s3://")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_matches('/');
        (!bucket.is_empty()).then(|| Self {
            sdk,
            bucket: bucket.to_owned(),
            prefix: match prefix {
                "" => String::new(),
                _ => format!("{prefix}/"),
            },
        })
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    async fn body(&self, key: &str, body: Body<'_>) -> Result<ByteStream, Error> {
        match body {
            Body::Bytes(bytes) => Ok(ByteStream::from(bytes.to_vec())),
            Body::File(path) => ByteStream::from_path(path).await.map_err(|e| {
                Error::new(
                    ErrorType::Internal,
                    Code::ScratchFailed,
                    format!(
                        "could not read the temporary file to be written to {}",
                        self.place(key)
                    ),
                    "Run again.",
                )
                .with_source(e)
            }),
        }
    }

    /// Begins to read an object; `None` if it does not exist.
    async fn open(&self, key: &str) -> Result<Option<GetObjectOutput>, Error> {
        let request = self.sdk.s3().await.get_object();
        match request.bucket(&self.bucket).key(self.key(key)).send().await {
            Ok(answer) => Ok(Some(answer)),
            // Without the right to list, S3 answers 403 for a missing object. That is an error here, never an absence.
            Err(SdkError::ServiceError(e)) if e.err().is_no_such_key() => Ok(None),
            Err(e) => {
                let what = format!("read {}", self.place(key));
                Err(aws::error(Code::StoreNotReadable, &what, e))
            }
        }
    }

    fn ended_early(&self, key: &str) -> Error {
        Error::new(
            ErrorType::Unavailable,
            Code::StoreNotReadable,
            format!("{} ended early", self.place(key)),
            "Run again.",
        )
    }

    /// Whether an object contains exactly these bytes. Snapshot files are too large to compare, and count as different.
    async fn is_written(&self, key: &str, body: Body<'_>) -> Result<Option<Version>, Error> {
        let Body::Bytes(bytes) = body else {
            return Ok(None);
        };
        let found = self.get(key).await?;
        let same = found.filter(|object| object.bytes == bytes);
        Ok(same.map(|object| object.version))
    }
}

#[async_trait]
impl Store for S3 {
    async fn get(&self, key: &str) -> Result<Option<Object>, Error> {
        let Some(answer) = self.open(key).await? else {
            return Ok(None);
        };
        let version = Version(answer.e_tag().unwrap_or_default().to_owned());
        let bytes = answer.body.collect().await;
        let bytes = bytes.map_err(|e| self.ended_early(key).with_source(e))?;
        Ok(Some(Object { bytes: bytes.to_vec(), version }))
    }

    async fn download(&self, key: &str, to: &Path) -> Result<Option<u64>, Error> {
        let Some(mut answer) = self.open(key).await? else {
            return Ok(None);
        };
        let mut file = super::beside(to)?;
        let mut length = 0;
        while let Some(part) = answer.body.next().await {
            let part = part.map_err(|e| self.ended_early(key).with_source(e))?;
            file.write_all(&part).map_err(|e| super::not_downloaded(to, e))?;
            length += part.len() as u64;
        }
        let expected = answer.content_length().and_then(|length| u64::try_from(length).ok());
        if expected.is_some_and(|expected| expected != length) {
            return Err(self.ended_early(key));
        }
        file.persist(to).map_err(|e| super::not_downloaded(to, e.error))?;
        Ok(Some(length))
    }

    async fn put(&self, key: &str, body: Body<'_>, mode: PutMode<'_>) -> Result<Version, PutError> {
        let mut races = 0;
        loop {
            let request = self.sdk.s3().await.put_object();
            let request = request.bucket(&self.bucket).key(self.key(key));
            // So that a browser shows a page instead of saving it.
            let page = key.ends_with(".html").then(|| "text/html; charset=utf-8".to_owned());
            let request = request.set_content_type(page);
            let request = match mode {
                PutMode::Overwrite => request,
                PutMode::Create => request.if_none_match("*"),
                PutMode::Update(version) => request.if_match(&version.0),
            };
            let e = match request.body(self.body(key, body).await?).send().await {
                Ok(answer) => return Ok(Version(answer.e_tag().unwrap_or_default().to_owned())),
                Err(e) => e,
            };
            let status = e.raw_response().map(|raw| raw.status().as_u16());
            let code = e.as_service_error().and_then(|s| s.code());
            // S3 answers 404 to an update of a missing object.
            let is_absent = status == Some(404) && code != Some("NoSuchBucket");
            if status == Some(412) || (is_absent && matches!(mode, PutMode::Update(_))) {
                // The SDK retries without an answer: then the object may be our own earlier write.
                return match self.is_written(key, body).await? {
                    Some(version) => Ok(version),
                    None => Err(PutError::Condition(key.to_owned())),
                };
            }
            // Another write of the same object was in progress. Stores have various codes for that, but one status.
            if status == Some(409) && races < RACES {
                races += 1;
                continue;
            }
            let what = format!("write {}", self.place(key));
            return Err(aws::error(Code::StoreNotWritable, &what, e).into());
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let request = self.sdk.s3().await.list_objects_v2().bucket(&self.bucket);
        let mut pages = request.prefix(self.key(prefix)).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let what = || format!("list {}", self.place(prefix));
            let page = page.map_err(|e| aws::error(Code::StoreNotReadable, &what(), e))?;
            let names = page.contents().iter().filter_map(|object| object.key());
            let ours = names.filter_map(|name| name.strip_prefix(&self.prefix));
            keys.extend(ours.map(str::to_owned));
        }
        keys.sort();
        Ok(keys)
    }

    fn place(&self, key: &str) -> String {
        format!("s3://{}/{}", self.bucket, self.key(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_with_or_without_a_prefix_is_understood() {
        let parse = |url| S3::parse(url, Sdk::default());
        assert_eq!(parse("s3://b").expect("a store").place("k"), "s3://b/k");
        assert_eq!(parse("s3://b/p/q/").expect("a store").place("k"), "s3://b/p/q/k");
        assert!(parse("s3://").is_none() && parse("b/p").is_none());
    }

    #[tokio::test]
    async fn a_bucket_keeps_the_promises_of_a_store() {
        // Runs if a simulated S3 is given, as by the test script.
        let Ok(url) = std::env::var("ROLLCALL_TEST_S3") else {
            return;
        };
        let store = S3::parse(&url, Sdk::default()).expect("a store");
        super::super::conformance::holds(&store).await;

        // As if the answer to a write was lost and the SDK sent it again.
        let put = || store.put("own.json", Body::Bytes(b"ours"), PutMode::Create);
        let first = put().await.expect("written");
        assert_eq!(put().await.expect("recognized"), first);
    }
}
