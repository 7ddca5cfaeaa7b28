//! The answers of Systems Manager.

use bedrock_cost_guard::domain::Region;
use serde_json::json;

use super::json::Members;
use super::{Refusal, State};

/// Answers `GetParameter`. Every parameter is a `SecureString`: who does not ask for the text gets
/// a cipher.
pub(super) fn get_parameter(
    state: &State,
    region: &Region,
    body: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let mut members = Members::read("GetParameter", body)?;
    let name = members.text("Name")?;
    let name = members.require("Name", name)?;
    let is_plain = members.boolean("WithDecryption")?.unwrap_or_default();
    members.finish()?;
    let Some(text) = state.parameters.get(&(region.clone(), name.clone())) else {
        return Err(Refusal::new(400, "ParameterNotFound", "").without_blame());
    };
    let value = if is_plain { text } else { "AQICAHgcipher==" };
    let parameter = json!({
        "ARN": format!("arn:aws:ssm:{region}:123456789012:parameter{name}"),
        "DataType": "text",
        "LastModifiedDate": state.as_of.as_second(),
        "Name": name,
        "Type": "SecureString",
        "Value": value,
        "Version": 1,
    });
    Ok(json!({ "Parameter": parameter }).to_string().into_bytes())
}
