//! `cargo bundle`.

use std::process::ExitCode;

use wharf_bundler::{
    cli::{self, Cli, Command},
    deploy::limits,
    explain,
    failure::{Failure, exit_code},
    interrupt,
    options::wrapper_order,
    pipeline,
    shell::{MessageFormat, Shell},
    table, wrapper,
};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    if let Some(order) = wrapper_order() {
        return wrapper::run(&order, &arguments[1..]);
    }
    interrupt::listen();
    let cli = Cli::from_arguments(arguments);
    let shell = Shell::new(cli.bundle.message_format());
    let code = match &cli.command {
        Some(Command::Explain { code }) => explain(code, &shell),
        None => match bundle(cli, &shell) {
            Ok(()) => exit_code::OK,
            Err(failure) => {
                shell.failure(&failure);
                failure.exit_code()
            }
        },
    };
    shell.finished(code);
    ExitCode::from(code)
}

fn bundle(cli: Cli, shell: &Shell) -> Result<(), Failure> {
    let (check, limits, path) = (cli.bundle.check, cli.bundle.limits, cli.bundle.explain_route.clone());
    let options = cli.bundle.into_options()?;
    if check {
        return pipeline::check(options, shell);
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
    Ok(())
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
