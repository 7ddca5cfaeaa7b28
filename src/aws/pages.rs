//! Pages of a list: one check for every list that AWS gives in pages.
//!
//! AWS writes an empty list out, so an answer without one is no answer, and never "nothing there".
//! A token that comes again goes round for ever, and tokens that never end do too. Both end here, as
//! the failure of the call, and never as a whole list. The SDK's own paginators end a circle without
//! a word, which would pass a part for the whole.

use std::collections::BTreeSet;

use crate::aws::ApiError;
use crate::domain::Region;

/// Pages that a list may have.
// The largest list that is known, minutes of 500 series, has some 100. Ten times that takes minutes,
// which is what a run may take; a list of twice as many would not be read in time.
const MOST_PAGES: usize = 1_000;

/// Walk over the pages of one list.
#[derive(Debug)]
pub(super) struct Pages {
    operation: &'static str,
    region: Region,
    seen: BTreeSet<String>,
    token: Option<String>,
}

impl Pages {
    /// Starts before the first page.
    pub(super) fn new(operation: &'static str, region: &Region) -> Self {
        Self { operation, region: region.clone(), seen: BTreeSet::new(), token: None }
    }

    /// Returns the token of the page to ask for; `None` for the first.
    pub(super) fn token(&self) -> Option<String> {
        self.token.clone()
    }

    /// Takes the token that a page ends with, and returns true if there is a page after this one.
    pub(super) fn is_followed(&mut self, token: Option<&str>) -> Result<bool, ApiError> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Ok(false);
        };
        if !self.seen.insert(token.to_owned()) {
            return Err(self.broken("the same NextToken came twice, so the pages have no end"));
        }
        if self.seen.len() >= MOST_PAGES {
            return Err(self
                .broken(&format!("more than {MOST_PAGES} pages came, so the pages have no end")));
        }
        self.token = Some(token.to_owned());
        Ok(true)
    }

    /// Returns the list of a page, which must be there, empty or not.
    pub(super) fn list<T>(&self, list: Option<Vec<T>>, name: &str) -> Result<Vec<T>, ApiError> {
        list.ok_or_else(|| {
            self.broken(&format!("the answer has no `{name}`, not even an empty one"))
        })
    }

    /// Returns the failure of the call, for this reason.
    pub(super) fn broken(&self, why: &str) -> ApiError {
        ApiError::broken(self.operation, &self.region, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        Pages::new("cloudwatch:ListMetrics", &"us-east-1".parse().unwrap())
    }

    #[test]
    fn a_list_ends_with_the_page_that_has_no_token() {
        let mut pages = pages();
        assert_eq!(pages.token(), None);
        assert!(pages.is_followed(Some("a")).unwrap());
        assert_eq!(pages.token().as_deref(), Some("a"));
        assert!(pages.is_followed(Some("b")).unwrap());
        assert!(!pages.is_followed(Some("")).unwrap());
        assert!(!pages.is_followed(None).unwrap());
    }

    #[test]
    fn a_token_that_comes_again_fails_the_list() {
        let mut pages = pages();
        assert!(pages.is_followed(Some("a")).unwrap());
        assert!(pages.is_followed(Some("b")).unwrap());
        let fault = pages.is_followed(Some("a")).unwrap_err().to_string();
        assert!(fault.contains("the same NextToken came twice"), "{fault}");
    }

    #[test]
    fn pages_without_an_end_fail_the_list() {
        let mut pages = pages();
        let mut walked = (0..).map(|page: u32| pages.is_followed(Some(&page.to_string())));
        let end = walked.by_ref().take(MOST_PAGES + 1).find_map(Result::err);
        assert!(end.unwrap().to_string().contains("more than 1000 pages"));
    }

    #[test]
    fn a_page_without_its_list_is_a_fault_and_an_empty_list_is_none() {
        assert_eq!(pages().list(Some(Vec::<u8>::new()), "Metrics").unwrap(), [0; 0]);
        assert!(pages().list(None::<Vec<u8>>, "Metrics").is_err());
    }
}
