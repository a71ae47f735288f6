//! The route table: what `cargo bundle` prints at the end, in the manner of `next build`.

use std::fmt::Write;

use wharf::config::Revalidate;

use crate::{
    diagnostic::visible::{Kind, visible},
    stages::{
        evaluate::{Class, ReasonCode},
        manifest::{AnswerEntry, FunctionEntry, Manifest, MethodEntry, RouteEntry},
    },
    url_path::UrlPath,
};

/// How many paths of one route are listed before the rest is summed up.
const MOST_PATHS: usize = 4;

/// One line of the table.
struct Row {
    symbol: char,
    path: String,
    /// A path below its route.
    is_child: bool,
    revalidate: String,
    methods: String,
    size: String,
    why: String,
}

/// The table, with its legend.
#[must_use]
pub fn text(manifest: &Manifest) -> String {
    let rows = rows(manifest);
    let column = |cell: fn(&Row) -> &str, title: &str| {
        rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0).max(title.len())
    };
    let path = rows.iter().map(|row| row.path.chars().count() + 4 * usize::from(row.is_child)).max().unwrap_or(0);
    let path = path.max("Route (app)".len());
    let revalidate = column(|row| &row.revalidate, "Revalidate");
    let methods = column(|row| &row.methods, "Methods");
    let size = column(|row| &row.size, "Zip");
    let heading = format!(
        "{:<width$}  {:>revalidate$}  {:<methods$}  {:>size$}  Why",
        "Route (app)",
        "Revalidate",
        "Methods",
        "Zip",
        width = path + 4,
    );
    let mut text = format!("{heading}\n");
    for (index, row) in rows.iter().enumerate() {
        let border = match index {
            _ if rows.len() == 1 => '─',
            0 => '┌',
            _ if index + 1 == rows.len() => '└',
            _ => '├',
        };
        let border = if row.is_child { '│' } else { border };
        let indent = if row.is_child { "    " } else { "" };
        let width = path - indent.len();
        let line = format!(
            "{border} {indent}{} {:<width$}  {:>revalidate$}  {:<methods$}  {:>size$}  {}",
            row.symbol, row.path, row.revalidate, row.methods, row.size, row.why
        );
        // Infallible: writing to a string.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text + &legend(&rows) + &shared(manifest)
}

fn rows(manifest: &Manifest) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let files = manifest.objects.iter().filter(|object| object.function.is_none());
    let mut lines: Vec<(String, Vec<Row>)> = files
        .map(|object| {
            let row = Row {
                symbol: '○',
                path: object.path.clone(),
                is_child: false,
                revalidate: String::new(),
                methods: "GET, HEAD".to_owned(),
                size: String::new(),
                why: object.source.clone().unwrap_or_default(),
            };
            (object.path.clone(), vec![row])
        })
        .collect();
    lines.extend(manifest.routes.iter().map(|route| (route.pattern.clone(), route_rows(route, manifest))));
    // Sorted by path as plain text, as `next build` does.
    lines.sort_by(|left, right| left.0.cmp(&right.0));
    for (_, group) in lines {
        rows.extend(group);
    }
    rows.into_iter().map(Row::shown).collect()
}

impl Row {
    /// Paths and reasons have names of the user's in them.
    fn shown(self) -> Self {
        let shown = |text: &str| visible(text, Kind::Name).into_owned();
        Self { path: shown(&self.path), why: shown(&self.why), ..self }
    }
}

fn route_rows(route: &RouteEntry, manifest: &Manifest) -> Vec<Row> {
    let get = route.methods.get("GET");
    let lists_params = get.is_some_and(|get| get.class == Class::Static && route.pattern.contains('['));
    let symbol = match get {
        Some(get) if get.class == Class::Static => {
            if lists_params {
                '●'
            } else {
                '○'
            }
        }
        _ => 'ƒ',
    };
    let function = manifest.functions.get(&route.function);
    let answers: &[AnswerEntry] = get.map_or(&[], |get| &get.answers);
    let mut rows = vec![Row {
        symbol,
        path: route.pattern.clone(),
        is_child: false,
        revalidate: get.map(|get| shown_revalidate(get, answers)).unwrap_or_default(),
        methods: route.methods.keys().cloned().collect::<Vec<_>>().join(", "),
        size: function.map(|function| zip(&route.function, function)).unwrap_or_default(),
        why: get.map(|get| why(get, answers, lists_params)).unwrap_or_else(|| "has no GET".to_owned()),
    }];
    if !lists_params {
        return rows;
    }
    let listed = if answers.len() <= MOST_PATHS { answers.len() } else { MOST_PATHS - 1 };
    rows.extend(answers[..listed].iter().map(|answer| Row {
        symbol: '●',
        path: UrlPath::parse(&answer.path).map_or_else(|| answer.path.clone(), |path| path.decoded()),
        is_child: true,
        revalidate: shown_seconds(answer.revalidate),
        methods: String::new(),
        size: String::new(),
        why: answer.not_exported.clone().map(|why| format!("no object: {why}")).unwrap_or_default(),
    }));
    if listed < answers.len() {
        rows.push(Row {
            symbol: ' ',
            path: format!("[+{} more paths]", answers.len() - listed),
            is_child: true,
            revalidate: String::new(),
            methods: String::new(),
            size: String::new(),
            why: String::new(),
        });
    }
    rows
}

/// The size of the zip, or, where several routes share one, whose it is: the size then stands below the table, once.
fn zip(name: &str, function: &FunctionEntry) -> String {
    if function.routes.len() > 1 { format!("→ {name}") } else { shown_size(function.size) }
}

/// The functions of several routes.
fn shared(manifest: &Manifest) -> String {
    let shared = manifest.functions.iter().filter(|(_, function)| function.routes.len() > 1);
    let lines: String = shared
        .map(|(name, function)| format!("→  {name}: {} for {}\n", shown_size(function.size), function.description))
        .collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

/// The reason of a dynamic GET; of a static one, only what is out of the ordinary.
fn why(get: &MethodEntry, answers: &[AnswerEntry], lists_params: bool) -> String {
    if get.class == Class::Static {
        let obstacle = answers.first().and_then(|answer| answer.not_exported.as_ref()).filter(|_| !lists_params);
        return obstacle.map(|why| format!("no object: {why}")).unwrap_or_default();
    }
    debug_assert_ne!(get.reason.code, ReasonCode::NoRequest, "a reason to be static");
    get.reason.to_string()
}

fn shown_revalidate(get: &MethodEntry, answers: &[AnswerEntry]) -> String {
    match (get.class, answers) {
        (Class::Static, [only]) => shown_seconds(only.revalidate),
        _ => get.revalidate.map(shown_seconds).unwrap_or_default(),
    }
}

/// A time in the short form of `next build`: `60` is `1m`.
fn shown_seconds(revalidate: Revalidate) -> String {
    let Revalidate::After(seconds) = revalidate else { return String::new() };
    let units = [(31_536_000, 'y'), (86_400, 'd'), (3_600, 'h'), (60, 'm')];
    let unit = units.into_iter().find(|(length, _)| seconds >= *length && seconds % length == 0);
    unit.map_or_else(|| format!("{seconds}s"), |(length, unit)| format!("{}{unit}", seconds / length))
}

pub(crate) fn shown_size(bytes: u64) -> String {
    let kib = bytes.div_ceil(1024);
    if kib < 1024 { format!("{kib} KB") } else { format!("{}.{:02} MB", kib / 1024, kib % 1024 * 100 / 1024) }
}

/// Only the symbols that are used.
fn legend(rows: &[Row]) -> String {
    let entries = [
        ('○', "(Static)   answered from what was made at build time"),
        ('●', "(SSG)      made at build time for the params of generate_static_params"),
        ('ƒ', "(Dynamic)  run on request"),
    ];
    let used = entries.into_iter().filter(|(symbol, _)| rows.iter().any(|row| row.symbol == *symbol));
    used.fold("\n".to_owned(), |text, (symbol, meaning)| format!("{text}{symbol}  {meaning}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::manifest::tests::manifest;

    #[test]
    fn a_shared_zip_is_listed_once() {
        let mut manifest = manifest();
        let function = manifest.functions.get_mut("items-slug").unwrap();
        function.routes.push("/items".to_owned());
        function.description = "app/items, 2 routes".to_owned();
        let route = RouteEntry { pattern: "/items".to_owned(), ..manifest.routes[0].clone() };
        manifest.routes.push(route);
        let text = text(&manifest);
        assert_eq!(text.matches("→ items-slug").count(), 2, "{text}");
        assert_eq!(text.matches("1 KB").count(), 1, "{text}");
        assert!(text.ends_with("\n\n→  items-slug: 1 KB for app/items, 2 routes\n"), "{text}");
    }

    #[test]
    fn times_and_sizes_are_short() {
        let shown = |seconds| shown_seconds(Revalidate::After(seconds));
        assert_eq!([shown(2), shown(60), shown(90), shown(3600), shown(31_536_000)], ["2s", "1m", "90s", "1h", "1y"]);
        assert_eq!(shown_seconds(Revalidate::Never), "");
        assert_eq!(shown_size(1), "1 KB");
        assert_eq!(shown_size(1_258_291), "1.20 MB");
    }
}
