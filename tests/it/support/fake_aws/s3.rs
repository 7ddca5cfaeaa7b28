//! The answers of S3.

use std::collections::BTreeMap;

use bedrock_cost_guard::domain::Region;

use super::super::account::ACCOUNT;
use super::bedrock::decode;
use super::{Refusal, State};

/// A bucket and what is in it.
pub(super) struct Bucket {
    region: Region,
    owner: String,
    objects: BTreeMap<String, Vec<u8>>,
}

impl Bucket {
    /// Makes an empty bucket in a Region, of the account of all tests.
    pub(super) fn new(region: Region) -> Self {
        Self { region, owner: ACCOUNT.to_owned(), objects: BTreeMap::new() }
    }

    /// Gives it to another account.
    pub(super) fn give_to(&mut self, owner: &str) {
        owner.clone_into(&mut self.owner);
    }

    /// Puts an object into it.
    pub(super) fn put(&mut self, key: &str, body: Vec<u8>) {
        self.objects.insert(key.to_owned(), body);
    }
}

/// Answers `GetObject`, with the bucket in the path, as clients ask an endpoint without a name.
///
/// `expected_owner` is empty where the caller expects none.
pub(super) fn get_object(
    state: &State,
    region: &Region,
    path: &str,
    expected_owner: &str,
) -> Result<Vec<u8>, Refusal> {
    let name = path.trim_start_matches('/');
    let (bucket, key) = name
        .split_once('/')
        .ok_or_else(|| Refusal::new(400, "InvalidURI", format!("{path} names no object")))?;
    let key = decode(key)
        .ok_or_else(|| Refusal::new(400, "InvalidURI", format!("{path} is not encoded")))?;
    let Some(bucket) = state.buckets.get(bucket) else {
        let message = "The specified bucket does not exist";
        return Err(Refusal::new(404, "NoSuchBucket", message).without_blame());
    };
    if bucket.region != *region {
        let message = "The bucket you are attempting to access must be addressed using the \
             specified endpoint. Please send all future requests to this endpoint.";
        let refusal = Refusal::new(301, "PermanentRedirect", message).without_blame();
        return Err(Refusal { bucket_region: Some(bucket.region.clone()), ..refusal });
    }
    if !expected_owner.is_empty() && bucket.owner != expected_owner {
        return Err(Refusal::new(403, "AccessDenied", "Access Denied").without_blame());
    }
    bucket.objects.get(&key).cloned().ok_or_else(|| {
        let message = "The specified key does not exist.";
        Refusal::new(404, "NoSuchKey", message).without_blame()
    })
}
