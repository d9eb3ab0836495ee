//! Tests as scripts: lines in the words of a connector, which plays them. `each $call; $code` is the head of a table, whose rows
//! begin with `|`: the script is played for each of them, with the names replaced.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Makes a test of each script, which is played by this function.
#[macro_export]
macro_rules! scripts {
    ($play:path; $($(#[$doc:meta])* $name:ident: $script:literal)*) => {$(
        $(#[$doc])*
        #[tokio::test]
        async fn $name() {
            $play($script).await;
        }
    )*};
}

/// The lines of a text, without what surrounds them.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//"))
}

/// A script once for each row of each table in it.
pub fn variants(script: &str) -> Vec<Vec<String>> {
    with_rows(lines(script).map(str::to_owned).collect())
}

fn with_rows(script: Vec<String>) -> Vec<Vec<String>> {
    let Some(at) = script.iter().position(|line| line.starts_with("each ")) else {
        return vec![script];
    };
    let rows = script.iter().skip(at + 1);
    let end = at + 1 + rows.take_while(|line| line.starts_with('|')).count();
    let table = script[at..end].join(" ").replacen("each ", "", 1);
    let mut rows = table.split('|').map(|row| row.split(';').map(str::trim));
    let names: Vec<&str> = rows.next().expect("a head").collect();
    let rest = [&script[..at], &script[end..]].concat();
    let all = rows.flat_map(|row| {
        let cells: Vec<(&&str, &str)> = names.iter().zip(row).collect();
        assert_eq!(cells.len(), names.len(), "{cells:?}");
        let replaced = |line: &String| {
            cells.iter().fold(line.clone(), |line, (name, cell)| line.replace(**name, cell))
        };
        with_rows(rest.iter().map(replaced).collect())
    });
    all.collect()
}

/// A request id that no other request of this process has.
pub fn request_id() -> String {
    static REQUESTS: AtomicUsize = AtomicUsize::new(0);
    format!("n{}", REQUESTS.fetch_add(1, Ordering::Relaxed))
}
