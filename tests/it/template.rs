//! The template and the program must say the same: settings, metrics, permissions.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use bedrock_cost_guard::config::{CatalogSource, DocumentSource, SETTINGS};
use bedrock_cost_guard::report::{self, metrics};

use crate::support::{sample, whole};

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn template() -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("template.yaml")).unwrap()
}

/// The lines under a key, without comments, up to the next line that is indented no deeper.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn section(text: &str, key: &str) -> String {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let head = format!("{key}:");
    let mut lines = text.lines().skip_while(|line| line.trim_end() != head);
    let first = lines.next().unwrap();
    lines
        .filter(|line| !line.trim_start().starts_with('#'))
        .take_while(|line| line.trim().is_empty() || depth(line) > depth(first))
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// `Default` of a parameter, without its quotes.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn default_of(text: &str, parameter: &str) -> String {
    let parameters = section(text, "Parameters");
    let parameter = section(&parameters, &format!("  {parameter}"));
    let line = parameter.lines().find_map(|line| line.trim().strip_prefix("Default: "));
    line.unwrap().trim_matches('\'').to_owned()
}

/// `GUARD_LOOKBACK_DAYS` is the parameter `LookbackDays`.
fn parameter_of(setting: &str) -> String {
    setting
        .split('_')
        .skip(1)
        .flat_map(|word| {
            let (first, rest) = word.split_at(1);
            [first.to_owned(), rest.to_lowercase()]
        })
        .collect()
}

/// The variables of the function and what each is set to.
fn variables(text: &str) -> Vec<(String, String)> {
    let function = section(text, "  GuardFunction");
    let variables = section(&function, "        Variables");
    variables
        .lines()
        .filter_map(|line| line.trim().split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn every_setting_is_a_parameter_with_the_default_of_the_program() {
    let text = template();
    let variables = variables(&text);
    for setting in SETTINGS {
        let name = setting.name;
        let parameter = parameter_of(name);
        let Some((_, value)) = variables.iter().find(|(variable, _)| variable == name) else {
            panic!("the template does not set {name}");
        };
        let default = default_of(&text, &parameter);
        if default.is_empty() {
            let unset = format!("!If [Has{parameter}, !Ref {parameter}, !Ref AWS::NoValue]");
            assert_eq!(*value, unset, "{name}");
            let condition = format!("  Has{parameter}: !Not [!Equals [!Ref {parameter}, '']]");
            assert!(text.lines().any(|line| line == condition), "{condition} is missing");
        } else {
            assert_eq!(*value, format!("!Ref {parameter}"), "{name}");
        }
        assert_eq!(default, setting.default, "{name}");
    }
}

#[test]
fn the_template_sets_nothing_that_is_not_a_setting() {
    let names: BTreeSet<String> =
        variables(&template()).into_iter().map(|(name, _)| name).collect();
    let settings: BTreeSet<String> =
        SETTINGS.iter().map(|setting| setting.name.to_owned()).collect();
    assert_eq!(names, settings);
    for word in template().split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        let is_name = word.starts_with("GUARD_") && word != "GUARD_";
        assert!(!is_name || settings.contains(word), "{word}");
    }
}

/// Every word that is spelled like an action, as in `bedrock:ListFoundationModels`, and is not the key of
/// a condition.
fn actions(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || ":*".contains(c)))
        .filter(|word| {
            let after = word.split_once(':').map(|(_, action)| action);
            after.is_some_and(|it| it.starts_with(|c: char| c.is_ascii_uppercase() || c == '*'))
        })
        .filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()) && !word.ends_with(':'))
        .collect()
}

#[test]
fn the_role_may_do_what_the_program_does_and_nothing_else() {
    let text = template();
    let role = section(&text, "  GuardRole");
    assert_eq!(
        actions(&section(&role, "      Policies")),
        BTreeSet::from([
            "bedrock:ListFoundationModels",
            "bedrock:ListInferenceProfiles",
            "bedrock:ListProvisionedModelThroughputs",
            "cloudwatch:GetMetricData",
            "cloudwatch:ListMetrics",
            "cloudwatch:PutMetricData",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "pricing:GetProducts",
            "s3:GetObject",
            "sqs:SendMessage",
            "ssm:GetParameter",
        ])
    );
    let put = role.split("- Sid: ").find(|it| it.contains("PutMetricData"));
    assert!(
        put.unwrap().contains(
            "StringEquals:\n                    cloudwatch:namespace: !Ref MetricNamespace"
        )
    );
    assert!(!role.contains("ManagedPolicyArns"));
}

/// The statement of this name, on one line.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn statement(role: &str, sid: &str) -> String {
    let rest = role.split(&format!("- Sid: {sid}\n")).nth(1).unwrap();
    let lines = rest.lines().map(str::trim);
    let own: Vec<&str> = lines
        .take_while(|line| !line.starts_with("- Sid: ") && !line.starts_with("- !If"))
        .collect();
    own.join(" ")
}

#[test]
fn what_a_setting_names_may_be_read_only_where_it_is_named() {
    let text = template();
    let role = section(&text, "  GuardRole");
    let object = |parameter: &str| {
        format!(
            "Action: s3:GetObject Resource: !Sub - arn:${{AWS::Partition}}:s3:::${{Object}} \
             - Object: !Select [1, !Split ['s3://', !Sub '${{{parameter}}}s3://']] \
             Condition: StringEquals: aws:ResourceAccount: !Ref AWS::AccountId"
        )
    };
    let parameter = "Action: ssm:GetParameter Resource: !Sub \
         - arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${Name} \
         - Name: !Select [1, !Split ['ssm:', !Sub '${Overrides}ssm:']]";
    let rules = [
        (
            "CatalogIsObject: !Equals [!Select [0, !Split ['s3://', !Ref Catalog]], '']",
            "ReadCatalog",
            object("Catalog"),
        ),
        (
            "CatalogIsLive: !Equals [!Ref Catalog, live]",
            "ReadPriceList",
            "Action: pricing:GetProducts Resource: '*'".to_owned(),
        ),
        (
            "OverridesAreObject: !And - !Condition HasOverrides \
             - !Equals [!Select [0, !Split ['s3://', !Ref Overrides]], '']",
            "ReadOverridesObject",
            object("Overrides"),
        ),
        (
            "OverridesAreParameter: !And - !Condition HasOverrides \
             - !Equals [!Select [0, !Split ['ssm:', !Ref Overrides]], '']",
            "ReadOverridesParameter",
            parameter.to_owned(),
        ),
    ];
    let conditions: Vec<&str> = text.split_whitespace().collect();
    let conditions = conditions.join(" ");
    for (condition, sid, allowed) in &rules {
        assert!(conditions.contains(condition), "{condition}");
        let name = condition.split(':').next().unwrap();
        let under = format!("- !If\n                - {name}\n                - Sid: {sid}\n");
        assert!(role.contains(&under), "{sid}");
        let statement = statement(&role, sid);
        assert_eq!(statement.trim(), format!("Effect: Allow {allowed} - !Ref AWS::NoValue"));
    }
    // There is no other way to these actions.
    let asks = ["s3:GetObject", "ssm:GetParameter", "pricing:GetProducts"]
        .map(|action| text.matches(&format!("Action: {action}")).count());
    assert_eq!(asks, [2, 1, 1]);
    assert_eq!(text.matches("- !If").count(), rules.len());
}

#[test]
fn the_forms_that_the_template_describes_are_those_that_the_program_reads() {
    let text = template();
    let parameters = section(&text, "Parameters");
    let forms = |parameter: &str| -> BTreeSet<String> {
        section(&parameters, &format!("  {parameter}"))
            .split(|c: char| c.is_whitespace() || c == ',')
            .filter(|word| word.starts_with("s3://b") || word.starts_with("ssm:/n"))
            .map(|word| word.trim_end_matches('.').to_owned())
            .collect()
    };
    let (catalog, overrides) = (forms("Catalog"), forms("Overrides"));
    assert_eq!(catalog, ["s3://bucket/key".to_owned()].into());
    assert_eq!(overrides.len(), 2, "{overrides:?}");
    for form in &overrides {
        assert!(form.parse::<DocumentSource>().unwrap().is_remote(), "{form}");
        let is_catalog = form.parse::<CatalogSource>().is_ok();
        assert_eq!(is_catalog, catalog.contains(form), "{form}");
        let allowed = |name: &str| {
            let mut settings = SETTINGS.iter().filter(|setting| setting.name == name);
            settings.next().unwrap().allowed.to_string()
        };
        assert!(allowed("GUARD_OVERRIDES").contains(form), "{form}");
        assert_eq!(allowed("GUARD_CATALOG").contains(form), is_catalog, "{form}");
    }
}

#[test]
fn no_permission_of_the_template_changes_or_calls_anything_in_bedrock() {
    let resources = section(&template(), "Resources");
    let actions = actions(&resources);
    let bedrock: Vec<&&str> =
        actions.iter().filter(|action| action.starts_with("bedrock")).collect();
    assert_eq!(bedrock.len(), 3);
    assert!(bedrock.iter().all(|action| action.starts_with("bedrock:List")));
    assert!(actions.iter().all(|action| !action.ends_with('*')));
}

#[test]
fn the_alarms_watch_metrics_that_are_put_as_totals() {
    let observation = whole(sample());
    let points = metrics::points(&report::build(&observation), &observation.settings);
    let totals: BTreeSet<&str> = points
        .iter()
        .filter(|point| point.dimensions.is_empty())
        .map(|point| point.name)
        .chain([metrics::run_succeeded(true).name])
        .collect();
    let text = template();
    let alarms = text
        .split("Type: AWS::CloudWatch::Alarm")
        .skip(1)
        .filter(|alarm| alarm.contains("Namespace: !Ref MetricNamespace"));
    let mut watched = Vec::new();
    for alarm in alarms {
        let own = alarm.split("\n\n").next().unwrap();
        let value = |keys: &[&str]| {
            let mut lines = own.lines().map(str::trim);
            lines.find_map(|line| keys.iter().find_map(|key| line.strip_prefix(key))).unwrap_or("")
        };
        let name = value(&["MetricName: "]);
        assert!(totals.contains(name), "{name}");
        assert!(!own.contains("Dimensions:"), "{name}");
        watched.push((name, value(&["Statistic: ", "Stat: "]), value(&["TreatMissingData: "])));
    }
    assert_eq!(
        watched,
        [
            ("PotentialMonthlySavings", "Maximum", "ignore"),
            ("RunSucceeded", "SampleCount", "breaching"),
            ("RunSucceeded", "Maximum", "ignore"),
        ]
    );
}

#[test]
fn the_alarm_for_missing_runs_counts_points_and_takes_silence_for_none() {
    let text = template();
    let (_, alarm) = text.split_once("  MissingRunAlarm:\n").unwrap();
    let (alarm, _) = alarm.split_once("\n\n").unwrap();
    for line in [
        "MetricName: RunSucceeded",
        "Stat: SampleCount",
        "Expression: FILL(runs, 0)",
        "ComparisonOperator: LessThanThreshold",
        "Threshold: 1",
    ] {
        assert!(alarm.lines().any(|of| of.trim() == line), "{line}");
    }
}
