//! The variables by which the SDK is told of other endpoints, held to what it can take.

use crate::config::settings::SettingsError;

/// The variable for all services; with an ending such as `_S3`, the one for one service.
const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

/// The variable with which the SDK passes over all of these.
const IGNORED: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

/// Checks the variables for endpoints among names and values, such as those of an environment.
// The SDK panics on an empty one and quotes whole requests on another, in the middle of the run.
pub fn check_endpoints(
    vars: impl IntoIterator<Item = (String, String)>,
) -> Result<(), SettingsError> {
    let mut faults = Vec::new();
    let mut is_ignored = false;
    for (name, value) in vars {
        is_ignored |= name == IGNORED && value.eq_ignore_ascii_case("true");
        if name.starts_with(ENDPOINT_URL) {
            faults.extend(endpoint_fault(&format!("`{name}`"), &value));
        }
    }
    if is_ignored || faults.is_empty() { Ok(()) } else { Err(SettingsError { faults }) }
}

/// Says that a text is no address of an endpoint; `None` where it is one. `name` is where the text
/// stands. The text itself may hold a password, and is not quoted.
fn endpoint_fault(name: &str, text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(format!("{name} is empty: unset it, or write an address"));
    }
    (!is_address(text)).then(|| {
        format!(
            "{name} is no address: write one such as https://monitoring.us-east-1.amazonaws.com, or unset it"
        )
    })
}

fn is_address(text: &str) -> bool {
    let Some(rest) = ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme))
    else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = match host.strip_prefix('[') {
        // The address of IPv6 has colons of its own.
        Some(inside) => match inside.split_once(']') {
            Some((address, "")) => (address, None),
            Some((address, port)) => (address, Some(port.strip_prefix(':').unwrap_or("none"))),
            None => return false,
        },
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    let is_name = |host: &str| {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:%".contains(&b))
    };
    is_name(host)
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
        && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(vars: &[(&str, &str)]) -> Result<(), Vec<String>> {
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        check_endpoints(vars).map_err(|error| error.faults)
    }

    #[test]
    fn an_address_has_a_scheme_a_host_and_perhaps_a_port() {
        for good in [
            "http://127.0.0.1:4566",
            "https://monitoring.us-east-1.amazonaws.com",
            "http://localhost/path",
            "https://user:word@proxy:8443",
            "http://[::1]:8080",
            "http://[::1]",
        ] {
            assert_eq!(endpoint_fault("it", good), None, "{good}");
        }
        for bad in [
            "nonsense",
            "127.0.0.1:80",
            "ftp://a",
            "http://",
            "http:///a",
            "://a",
            "http://a b",
            "http://a:99999",
            "http://a:",
            "http://[::",
            "http://[::1]x",
            "http://ä",
            " http://a",
            "http://a\n",
        ] {
            assert!(endpoint_fault("it", bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn a_fault_names_the_variable_and_not_what_is_in_it() {
        let faults = check(&[
            ("AWS_ENDPOINT_URL", ""),
            ("AWS_ENDPOINT_URL_S3", "user:S3CR3T@host"),
            ("AWS_ENDPOINT_URL_SSM", "http://localhost"),
            ("AWS_REGION", ""),
        ])
        .unwrap_err();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("`AWS_ENDPOINT_URL` is empty: unset it"), "{faults:?}");
        assert!(faults[1].starts_with("`AWS_ENDPOINT_URL_S3` is no address"), "{faults:?}");
        assert!(!faults[1].contains("S3CR3T"), "{faults:?}");
        let ignored = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
        assert_eq!(check(&[("AWS_ENDPOINT_URL", ""), ignored]), Ok(()));
    }
}
