//! What may stand in a field whose name ends in `.$`: a path or an intrinsic function, read once.

use serde_json::Value;

use super::execution::Failure;
use super::functions::Function;
use super::path::Path;
use super::random::Random;
use super::syntax::call;

/// What expressions are evaluated with.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) input: &'a Value,
    pub(super) context: &'a Value,
    pub(super) random: &'a mut Random,
}

/// A path, a function, or the literal argument of one.
#[derive(Debug)]
pub(super) enum Expression {
    Path(Path),
    Literal(Value),
    Call {
        text: String,
        function: Function,
        arguments: Vec<Expression>,
    },
}

impl Expression {
    /// A path or a function, which is all that a field may have.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with('$') {
            return Path::parse(text).map(Self::Path);
        }
        call(text)
    }

    /// The same, where only a string is of use.
    pub(super) fn for_text(self) -> Result<Self, String> {
        let may_give_text = match &self {
            Self::Path(path) => path.is_definite(),
            Self::Literal(_) => true,
            Self::Call { function, .. } => function.may_give_text(),
        };
        may_give_text
            .then_some(self)
            .ok_or_else(|| "gives no string".to_owned())
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Path(path) => path.text().to_owned(),
            Self::Literal(value) => value.to_string(),
            Self::Call { text, .. } => text.clone(),
        }
    }

    /// The value; `field` is where it is asked for, for the message.
    pub(super) fn evaluate(&self, field: &str, scope: &mut Scope<'_>) -> Result<Value, Failure> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Path(path) => select(path, field, scope),
            Self::Call {
                text,
                function,
                arguments,
            } => {
                let values = arguments
                    .iter()
                    .map(|argument| argument.evaluate(field, scope))
                    .collect::<Result<Vec<_>, _>>()?;
                function.apply(values, scope.random).map_err(|problem| {
                    Failure::new(
                        "States.IntrinsicFailure",
                        format!("The function '{text}' had the following error: {problem}"),
                    )
                })
            }
        }
    }
}

/// What a path selects; nothing is an error that nobody can catch.
pub(super) fn select(path: &Path, field: &str, scope: &Scope<'_>) -> Result<Value, Failure> {
    path.select(scope.input, scope.context).ok_or_else(|| {
        Failure::runtime(format!(
            "The JSONPath '{}' specified for the field '{field}' could not be found in the input '{}'",
            path.text(),
            scope.input
        ))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn evaluate(text: &str) -> Result<Value, Failure> {
        let input =
            json!({"n": 3, "s": "it", "l": [1, "b", null], "a,b)": {"c": 9}, "o": {"x": 1}});
        let context = json!({"State": {"Name": "Here"}});
        let mut random = Random::new(1);
        let mut scope = Scope {
            input: &input,
            context: &context,
            random: &mut random,
        };
        Expression::parse(text)
            .unwrap_or_else(|problem| panic!("{problem}"))
            .evaluate("f.$", &mut scope)
    }

    #[test]
    fn paths_functions_and_literals_may_be_nested() {
        let cases = [
            ("$.n", json!(3)),
            ("$$.State.Name", json!("Here")),
            ("$.l[*]", json!([1, "b", null])),
            ("States.Array()", json!([])),
            ("States.Array( )", json!([])),
            (
                "States.Array(1, -2.5,'x', null, true, false)",
                json!([1, -2.5, "x", null, true, false]),
            ),
            (
                "States.Array($['a,b)'].c, $$.State.Name)",
                json!([9, "Here"]),
            ),
            (
                "States.Array($.l[0,2], $.l[?(@ == 'b')])",
                json!([[1, null], ["b"]]),
            ),
            (
                r"States.Array('it\'s', '\\', '{', '\{', ',)')",
                json!(["it's", "\\", "{", "{", ",)"]),
            ),
            (
                "States.ArrayGetItem(States.Array(5, 10, 20, 40), $.n)",
                json!(40),
            ),
            (
                "States.Format('a {} b {}{}', $.s, States.MathAdd($.n, 1), null)",
                json!("a it b 4null"),
            ),
            (r"States.Format('\{\} {}', true)", json!("{} true")),
            ("States.Format('plain')", json!("plain")),
        ];
        for (text, expected) in cases {
            assert_eq!(evaluate(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_before_anything_runs() {
        let deep = format!("{}1{}", "States.Array(".repeat(11), ")".repeat(11));
        for text in [
            "",
            "x",
            "'x'",
            "1",
            "States.Nope()",
            "states.Array()",
            "States.Array",
            "States.Array(",
            "States.Array(1",
            "States.Array(1,)",
            "States.Array(1 2)",
            "States.Array(x)",
            "States.Array()x",
            "States.Array('x)",
            "States.Array(01)",
            r"States.Array('\n')",
            "States.Array($.a-b)",
            "States.Array(\"x\")",
            "States.Format($.s, 1)",
            "States.Format()",
            "States.Format('{}')",
            "States.Format('{}', 1, 2)",
            "States.Format('{ }', 1)",
            "States.Format('}', 1)",
            "States.Base64Encode('x')",
            "$.a b",
            deep.as_str(),
        ] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
        let most = format!("{}1{}", "States.Array(".repeat(10), ")".repeat(10));
        assert!(Expression::parse(&most).is_ok());
    }

    #[test]
    fn a_path_that_selects_nothing_says_so_and_where() {
        let failure = evaluate("States.Array($.none)").unwrap_err();
        assert_eq!(failure.error, "States.Runtime");
        assert!(
            failure.cause.starts_with(
                "The JSONPath '$.none' specified for the field 'f.$' could not be found in the input '{"
            ),
            "{}",
            failure.cause
        );
    }

    #[test]
    fn a_function_that_fails_is_named() {
        let failure = evaluate("States.Array(1, States.ArrayGetItem($.l, 3))").unwrap_err();
        assert_eq!(failure.error, "States.IntrinsicFailure");
        assert!(
            failure
                .cause
                .starts_with("The function 'States.ArrayGetItem($.l, 3)' had"),
            "{}",
            failure.cause
        );
    }
}
