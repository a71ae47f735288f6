//! `cargo bundle`.

use std::process::ExitCode;

use wharf_bundler::{
    cli::{self, BundleArguments, Cli, Command, UploadArguments},
    commands::upload,
    diagnostic::failure::{Failure, exit_code},
    effects::{
        interrupt,
        options::wrapper_order,
        shell::{MessageFormat, Shell},
    },
    pipeline,
    stages::{compile::wrapper, deploy::limits},
    views::{explain, table},
};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    if let Some(order) = wrapper_order() {
        return wrapper::run(&order, &arguments[1..]);
    }
    interrupt::listen();
    let cli = Cli::from_arguments(arguments);
    let shell = Shell::new(cli.bundle.message_format());
    let result = match cli.command {
        Some(Command::Explain { code }) => Ok(explain(&code, &shell)),
        Some(Command::Upload(arguments)) => upload(arguments, cli.bundle, &shell),
        None => bundle(cli.bundle, &shell),
    };
    let code = result.unwrap_or_else(|failure| {
        shell.failure(&failure);
        failure.exit_code()
    });
    shell.finished(code);
    ExitCode::from(code)
}

fn bundle(arguments: BundleArguments, shell: &Shell) -> Result<u8, Failure> {
    let (check, limits, path) = (arguments.check, arguments.limits, arguments.explain_route.clone());
    let options = arguments.into_options()?;
    if check {
        return pipeline::check(options, shell).map(|()| exit_code::OK);
    }
    let finished = pipeline::bundle(options, shell)?;
    shell.diagnostics(&finished.warnings);
    match (shell.format(), path) {
        (MessageFormat::Human, None) if limits => shell.result(&limits::text(&finished.limits)),
        (MessageFormat::Human, None) => shell.result(&table::text(&finished.manifest)),
        (MessageFormat::Human, Some(path)) => shell.result(&explain::text(&finished.manifest, &path)),
        (MessageFormat::Json, _) => shell.bundle(&finished),
    }
    shell.status(if finished.changed { "Bundled" } else { "Unchanged" }, &finished.out_dir.display().to_string());
    Ok(exit_code::OK)
}

fn upload(arguments: UploadArguments, bundle: BundleArguments, shell: &Shell) -> Result<u8, Failure> {
    let options = arguments.into_options(bundle.into_options()?)?;
    let report = upload::run(&options, shell)?;
    match shell.format() {
        MessageFormat::Human => shell.result(&upload::text(&report)),
        MessageFormat::Json => shell.upload(&report),
    }
    Ok(exit_code::OK)
}

fn explain(code: &str, shell: &Shell) -> u8 {
    match cli::explanation(code) {
        Ok(text) => {
            shell.result(&text);
            exit_code::OK
        }
        Err(text) => {
            shell.error(&text);
            exit_code::USAGE
        }
    }
}
