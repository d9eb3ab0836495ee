use serde_json::{Value, json};

use super::choice::Condition;
use super::expression::Scope;
use super::fields::Fields;
use super::random::Random;

fn parse(rule: Value) -> Result<Condition, String> {
    Fields::new(rule, "C")
        .and_then(Condition::parse)
        .map_err(|error| error.to_string())
}

fn holds(rule: &Value) -> Result<bool, String> {
    let input = json!({
        "s": "b", "n": 2, "f": 2.5, "yes": true, "nil": null, "t": "2026-01-02T00:00:00Z", "o": {},
        "s2": "b", "n2": 2, "yes2": true, "t2": "2026-01-02T01:00:00+01:00",
    });
    let scope = Scope {
        input: &input,
        context: &json!({"State": {"Name": "Here"}}),
        random: &mut Random::new(1),
    };
    parse(rule.clone())
        .unwrap_or_else(|problem| panic!("{problem}"))
        .holds(&scope)
        .map_err(|failure| failure.error)
}

#[test]
fn each_operator_compares_values_of_its_type() {
    let early = "2026-01-01T00:00:00Z";
    let same = "2026-01-02T01:00:00+01:00";
    let late = "2026-01-03T00:00:00Z";
    // The operator's type, the variable, and an operand below, equal to and above its value.
    let ordered = [
        ("String", "$.s", [json!("a"), json!("b"), json!("c")]),
        ("Numeric", "$.n", [json!(1.5), json!(2), json!(3)]),
        ("Numeric", "$.f", [json!(2), json!(2.5), json!(3)]),
        ("Timestamp", "$.t", [json!(early), json!(same), json!(late)]),
    ];
    let relations = [
        ("Equals", [false, true, false]),
        ("LessThan", [false, false, true]),
        ("LessThanEquals", [false, true, true]),
        ("GreaterThan", [true, false, false]),
        ("GreaterThanEquals", [true, true, false]),
    ];
    for (kind, variable, operands) in ordered {
        for (relation, expected) in relations {
            for (operand, expected) in operands.iter().zip(expected) {
                let rule = json!({"Variable": variable, format!("{kind}{relation}"): operand});
                assert_eq!(holds(&rule), Ok(expected), "{rule}");
            }
        }
    }
}

#[test]
fn operands_may_be_elsewhere_in_the_input() {
    for (name, variable, operand, expected) in [
        ("StringEqualsPath", "$.s", "$.s2", true),
        ("StringLessThanPath", "$.s", "$.s2", false),
        ("StringEqualsPath", "$$.State.Name", "$.s", false),
        ("NumericGreaterThanEqualsPath", "$.n", "$.n2", true),
        ("NumericGreaterThanPath", "$.f", "$.n", true),
        ("BooleanEqualsPath", "$.yes", "$.yes2", true),
        ("TimestampEqualsPath", "$.t", "$.t2", true),
        ("TimestampGreaterThanPath", "$.t", "$.t2", false),
        ("NumericEqualsPath", "$.n", "$.s", false),
    ] {
        let rule = json!({"Variable": variable, name: operand});
        assert_eq!(holds(&rule), Ok(expected), "{rule}");
    }
}

#[test]
fn booleans_and_types_are_tested() {
    for (variable, name, expected) in [
        ("$.yes", "BooleanEquals", true),
        ("$.n", "BooleanEquals", false),
        ("$.nil", "IsNull", true),
        ("$.n", "IsNull", false),
        ("$.n", "IsNumeric", true),
        ("$.s", "IsNumeric", false),
        ("$.s", "IsString", true),
        ("$.n", "IsString", false),
        ("$.yes", "IsBoolean", true),
        ("$.nil", "IsBoolean", false),
        ("$.t", "IsTimestamp", true),
        ("$.s", "IsTimestamp", false),
        ("$.nil", "IsPresent", true),
        ("$.none.deep", "IsPresent", false),
    ] {
        let rule = json!({"Variable": variable, name: true});
        assert_eq!(holds(&rule), Ok(expected), "{rule}");
        if name.starts_with("Is") {
            let rule = json!({"Variable": variable, name: false});
            assert_eq!(holds(&rule), Ok(!expected), "{rule}");
        }
    }
}

#[test]
fn a_value_of_another_type_compares_as_false() {
    for (variable, name, operand) in [
        ("$.n", "StringEquals", json!("2")),
        ("$.s", "NumericLessThan", json!(9)),
        ("$.nil", "NumericLessThan", json!(9)),
        ("$.s", "TimestampLessThan", json!("2026-01-03T00:00:00Z")),
        ("$.o", "StringGreaterThan", json!("")),
        ("$.n", "StringMatches", json!("*")),
    ] {
        let rule = json!({"Variable": variable, name: operand});
        assert_eq!(holds(&rule), Ok(false), "{rule}");
    }
}

#[test]
fn a_pattern_stands_for_any_text_where_it_has_an_asterisk() {
    for (text, pattern, expected) in [
        ("log-1.txt", "log-*.txt", true),
        ("log-.txt", "log-*.txt", true),
        ("log-1.txt.gz", "log-*.txt", false),
        ("äb", "*b", true),
        ("", "*", true),
        ("a*b", r"a\*b", true),
        ("axb", r"a\*b", false),
        (r"a\b", r"a\\b", true),
        ("abcabd", "*abd", true),
        ("x", "", false),
    ] {
        let scope = Scope {
            input: &json!({ "text": text }),
            context: &Value::Null,
            random: &mut Random::new(1),
        };
        let rule = parse(json!({"Variable": "$.text", "StringMatches": pattern})).unwrap();
        assert_eq!(rule.holds(&scope), Ok(expected), "{text} {pattern}");
    }
}

#[test]
fn conditions_are_combined_and_looked_at_only_as_far_as_needed() {
    let (yes, no) = (
        json!({"Variable": "$.n", "NumericEquals": 2}),
        json!({"Variable": "$.n", "NumericEquals": 3}),
    );
    let broken = json!({"Variable": "$.none", "NumericEquals": 3});
    for (rule, expected) in [
        (json!({"And": [yes, yes]}), Ok(true)),
        (json!({"And": [yes, no]}), Ok(false)),
        (json!({"And": [no, broken]}), Ok(false)),
        (
            json!({"And": [yes, broken]}),
            Err("States.Runtime".to_owned()),
        ),
        (json!({"Or": [no, no]}), Ok(false)),
        (json!({"Or": [no, yes]}), Ok(true)),
        (json!({"Or": [yes, broken]}), Ok(true)),
        (json!({"Not": yes}), Ok(false)),
        (
            json!({"Not": {"And": [{"Or": [no, yes]}, {"Not": yes}]}}),
            Ok(true),
        ),
    ] {
        assert_eq!(holds(&rule), expected, "{rule}");
    }
}

#[test]
fn a_variable_or_operand_that_is_not_there_is_an_error_of_the_execution() {
    for rule in [
        json!({"Variable": "$.none", "StringEquals": "x"}),
        json!({"Variable": "$.none", "IsNull": true}),
        json!({"Variable": "$.s", "StringEqualsPath": "$.none"}),
        json!({"Not": {"Variable": "$.none", "StringEquals": "x"}}),
    ] {
        assert_eq!(holds(&rule), Err("States.Runtime".to_owned()), "{rule}");
    }
}

#[test]
fn rules_that_cannot_be_read_are_errors_with_their_place() {
    for (rule, problem) in [
        (
            json!({"Variable": "$.a"}),
            "C: must have exactly one operator",
        ),
        (
            json!({"Variable": "$.a", "IsNull": true, "IsString": true}),
            "C: must have exactly one operator",
        ),
        (json!({"IsNull": true}), "C.Variable: is missing"),
        (
            json!({"Variable": "$.a[*]", "IsNull": true}),
            "C.Variable: the path \"$.a[*]\" may select several values",
        ),
        (
            json!({"Variable": "$.a", "StringSounds": "x"}),
            "C.StringSounds: is not known here",
        ),
        (
            json!({"Variable": "$.a", "NullEquals": null}),
            "C.NullEquals: is not known here",
        ),
        (
            json!({"Variable": "$.a", "BooleanLessThan": true}),
            "C.BooleanLessThan: is not known here",
        ),
        (
            json!({"Variable": "$.a", "NumericEqualsEquals": 1}),
            "C.NumericEqualsEquals: is not known here",
        ),
        (
            json!({"Variable": "$.a", "IsObject": true}),
            "C.IsObject: is not known here",
        ),
        (
            json!({"Variable": "$.a", "IsNull": 1}),
            "C.IsNull: must be true or false",
        ),
        (
            json!({"Variable": "$.a", "NumericEquals": "1"}),
            "C.NumericEquals: has a value of another type",
        ),
        (
            json!({"Variable": "$.a", "TimestampEquals": "today"}),
            "C.TimestampEquals: has a value of another type",
        ),
        (
            json!({"Variable": "$.a", "NumericEqualsPath": 1}),
            "C.NumericEqualsPath: must be a path",
        ),
        (
            json!({"Variable": "$.a", "StringMatches": 1}),
            "C.StringMatches: must be a string",
        ),
        (
            json!({"And": []}),
            "C.And: must be an array that is not empty",
        ),
        (
            json!({"And": [{"Variable": "$.a"}]}),
            "C.And[0]: must have exactly one operator",
        ),
        (
            json!({"Not": {"Variable": "$.a", "IsNull": true, "Next": "X"}}),
            "C.Not: must have exactly one operator",
        ),
        (
            json!({"Or": [{"Variable": "$.a", "IsNull": true}], "Variable": "$.a"}),
            "C.Variable: is not known here",
        ),
        (json!({"Not": []}), "C.Not: must be an object"),
    ] {
        assert_eq!(parse(rule).map(drop), Err(problem.to_owned()));
    }
}
