//! What is told of the limits: a table for who asks, and a diagnostic for each that a bundle is above or near to.

use std::fmt::Write;

use super::{APP, Kind, Limit, Target, Unit};
use crate::diagnostic::{Code, Diagnostic, Label};

/// Above this share of a limit, in percent, its user is warned.
const NEAR: u64 = 80;

/// How many files one diagnostic points at.
const MOST_LABELS: usize = 6;

/// The limits that a bundle is above, or near to.
#[must_use]
pub fn diagnostics(limits: &[Limit]) -> Vec<Diagnostic> {
    limits.iter().filter_map(diagnostic).collect()
}

fn diagnostic(limit: &Limit) -> Option<Diagnostic> {
    let rule = limit.rule;
    let code = match (rule.kind, rule.target) {
        (Kind::Kept, _) => return None,
        (Kind::Cut, _) if limit.is_exceeded() => Code::LongerThanTheApiWaits,
        (Kind::Cut, _) => return None,
        (Kind::Adjustable, _) if limit.is_exceeded() => Code::AboveAQuota,
        (Kind::Fixed, Target::Every) if limit.is_exceeded() => Code::AboveALimit,
        (Kind::Fixed, _) if limit.is_exceeded() => Code::AboveALimitOfATarget,
        _ if is_near(limit) => Code::NearALimit,
        _ => return None,
    };
    let used = shown(rule.unit, limit.used);
    let allowed = shown(rule.unit, rule.allowed);
    let message = format!("{}: {used}, and AWS allows {allowed}{}", rule.name, condition(rule.target));
    let label = Label::path(&limit.place, component(&limit.place), label(limit));
    let others = limit.others.iter().take(MOST_LABELS - 1);
    let diagnostic = Diagnostic::new(code, message, label, rule.help);
    Some(others.fold(diagnostic, |diagnostic, other| diagnostic.also(Label::path(other, component(other), "this too"))))
}

const fn condition(target: Target) -> &'static str {
    match target {
        Target::Every => "",
        Target::Sam => " with SAM",
        Target::Terraform => " with Terraform",
        Target::Cdn => " with a CDN",
        Target::WithoutCdn => " without a CDN",
    }
}

fn is_near(limit: &Limit) -> bool {
    limit.used.saturating_mul(100) > limit.rule.allowed.saturating_mul(NEAR)
}

fn label(limit: &Limit) -> String {
    if limit.place == APP {
        return "all of the app together".to_owned();
    }
    match limit.others.len().saturating_sub(MOST_LABELS - 1) {
        0 => "here it is the most".to_owned(),
        more => format!("here it is the most; {more} are not shown"),
    }
}

fn component(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The table.
#[must_use]
pub fn text(limits: &[Limit]) -> String {
    let heading = ["Limit", "Used", "Of", "", "For", "Raised on request", "Most in"].map(str::to_owned);
    let rows: Vec<[String; 7]> = [heading].into_iter().chain(limits.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for [name, used, allowed, share, target, raised, place] in &rows {
        let line = format!(
            "{name:<0$}  {used:>1$}  {allowed:>2$}  {share:>3$}  {target:<4$}  {raised:<5$}  {place}",
            width(0),
            width(1),
            width(2),
            width(3),
            width(4),
            width(5),
        );
        // Infallible: writing to a string.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text + "\n" + &pages(limits)
}

fn row(limit: &Limit) -> [String; 7] {
    let rule = limit.rule;
    [
        rule.name.to_owned(),
        shown(rule.unit, limit.used),
        shown(rule.unit, rule.allowed),
        format!("{}%", limit.used.saturating_mul(100) / rule.allowed),
        rule.target.name().to_owned(),
        if rule.kind == Kind::Adjustable { "yes" } else { "no" }.to_owned(),
        if limit.place == APP { String::new() } else { limit.place.clone() },
    ]
}

/// Each page once, in the order of the limits.
fn pages(limits: &[Limit]) -> String {
    let mut pages: Vec<&str> = Vec::new();
    for limit in limits {
        if !pages.contains(&limit.rule.page) {
            pages.push(limit.rule.page);
        }
    }
    pages.into_iter().map(|page| format!("{page}\n")).collect()
}

fn shown(unit: Unit, amount: u64) -> String {
    match unit {
        Unit::Count => amount.to_string(),
        Unit::Seconds => format!("{amount} s"),
        Unit::Bytes if amount < 100_000 => format!("{amount} B"),
        Unit::Bytes if amount < 1 << 20 => format!("{} KB", amount.div_ceil(1 << 10)),
        Unit::Bytes if amount < 10 << 20 => format!("{}.{} MB", amount >> 20, ((amount % (1 << 20)) * 10) >> 20),
        Unit::Bytes if amount < 10 << 30 => format!("{} MB", amount.div_ceil(1 << 20)),
        Unit::Bytes => format!("{} GB", amount.div_ceil(1 << 30)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        diagnostic::{Style, render},
        stages::{
            deploy::{cdn, limits},
            manifest::{InvokeMode, Manifest, tests::manifest},
        },
    };

    /// An app of so many functions, each with one route.
    fn app(functions: usize) -> Manifest {
        let mut manifest = manifest();
        let (entry, route) = (manifest.functions["items-slug"].clone(), manifest.routes[0].clone());
        for index in 1..functions {
            let name = format!("items-slug-{index:03}");
            manifest.functions.insert(name.clone(), entry.clone());
            let mut route = route.clone();
            manifest.api.insert(format!("/{name}/{{slug}}"), name.clone());
            route.function = name;
            manifest.routes.push(route);
        }
        manifest
    }

    fn limits(manifest: &Manifest) -> Vec<Limit> {
        limits::of(manifest, Some(&cdn::files(manifest).unwrap()))
    }

    fn codes(manifest: &Manifest) -> Vec<Code> {
        diagnostics(&limits(manifest)).into_iter().map(|diagnostic| diagnostic.code).collect()
    }

    #[test]
    fn a_small_app_is_told_nothing() {
        assert_eq!(codes(&app(200)), []);
    }

    #[test]
    fn three_hundred_functions_are_near_the_limit_and_one_more_is_above_it() {
        assert_eq!(codes(&app(240)), []);
        assert_eq!(codes(&app(241)), [Code::NearALimit, Code::NearALimit]);
        assert_eq!(codes(&app(300)), [Code::NearALimit, Code::NearALimit]);
        assert_eq!(codes(&app(301)), [Code::AboveAQuota, Code::AboveALimit]);
    }

    #[test]
    fn what_is_above_or_near_a_limit_is_told_with_what_to_do() {
        let mut manifest = app(3);
        let large = |manifest: &mut Manifest, name: &str, zip: u64, unzipped: u64| {
            let function = manifest.functions.get_mut(name).unwrap();
            (function.size, function.unzipped_size) = (zip << 20, unzipped << 20);
            function.sources = vec![format!("app/{name}/route.rs")];
        };
        large(&mut manifest, "items-slug", 45, 249);
        large(&mut manifest, "items-slug-001", 51, 252);
        large(&mut manifest, "items-slug-002", 52, 251);
        manifest.functions.get_mut("items-slug").unwrap().timeout = 31;
        manifest.functions.get_mut("items-slug-001").unwrap().timeout = 900;
        manifest.functions.get_mut("items-slug-002").unwrap().timeout = 900;
        manifest.functions.get_mut("items-slug-002").unwrap().invoke_mode = InvokeMode::ResponseStream;
        manifest.routes[2].streaming = true;
        let answer = &mut manifest.routes[0].methods.get_mut("GET").unwrap().answers[0];
        answer.headers.push(("link".to_owned(), "x".repeat(10_300)));
        answer.reply_size = 7 << 20;
        manifest.app.environment = (0..200).map(|index| format!("VARIABLE_{index:010}")).collect();
        insta::assert_snapshot!(printed(&manifest));
    }

    #[test]
    fn a_quota_is_told_beside_the_limit_that_no_quota_raises() {
        insta::assert_snapshot!(printed(&app(301)));
    }

    fn printed(manifest: &Manifest) -> String {
        let printed = diagnostics(&limits(manifest)).iter().map(|it| render(it, Style::Plain)).collect::<Vec<_>>();
        printed.join("\n\n")
    }

    #[test]
    fn frozen_answers_that_do_not_fit_the_memory_are_told() {
        let mut manifest = app(1);
        manifest.functions.get_mut("items-slug").unwrap().memory = 128;
        let answers = &mut manifest.routes[0].methods.get_mut("GET").unwrap().answers;
        *answers = vec![answers[0].clone(); 30_000];
        let told = |manifest: &Manifest| {
            let limits = limits(manifest);
            let mut told = diagnostics(&limits).into_iter().filter(|it| it.message.contains("frozen answers"));
            told.next().map(|diagnostic| diagnostic.code)
        };
        assert_eq!(told(&manifest), Some(Code::AboveALimit));
        manifest.functions.get_mut("items-slug").unwrap().memory = 512;
        assert_eq!(told(&manifest), None);
    }

    #[test]
    fn an_answer_that_s3_can_send_is_too_large_without_a_cdn_only() {
        use wharf::config::Revalidate;
        let mut manifest = app(1);
        let answer = &mut manifest.routes[0].methods.get_mut("GET").unwrap().answers[0];
        answer.reply_size = 7 << 20;
        assert_eq!(codes(&manifest), [Code::AboveALimit], "its function renews it");
        manifest.routes[0].methods.get_mut("GET").unwrap().answers[0].revalidate = Revalidate::Never;
        assert_eq!(codes(&manifest), [Code::AboveALimitOfATarget]);
    }

    #[test]
    fn the_table_names_every_limit() {
        insta::assert_snapshot!(text(&limits(&app(150))));
    }
}
