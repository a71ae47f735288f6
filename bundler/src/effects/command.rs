//! The only place that starts processes.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{diagnostic::failure::Failure, effects::interrupt};

/// How often a waiting run looks for Ctrl-C.
const POLL: Duration = Duration::from_millis(25);

/// What a finished process left behind.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// All that it wrote to standard output, unless its lines were taken one by one.
    pub stdout: String,
    /// All that it wrote to standard error.
    pub stderr: String,
}

/// Runs a command to its end and keeps its output; `while_waiting` is called now and then.
///
/// # Errors
///
/// When it cannot be started, or the run is interrupted; then the process is ended too.
pub fn capture(command: Command, while_waiting: impl FnMut()) -> Result<Finished, Failure> {
    let mut stdout = String::new();
    let on_line = |line: &str| {
        stdout.push_str(line);
        stdout.push('\n');
    };
    let finished = run(command, on_line, while_waiting)?;
    Ok(Finished { stdout, ..finished })
}

/// Runs a command to its end and hands each line of its standard output to `on_line` as it comes.
///
/// # Errors
///
/// As of [`capture`].
pub fn lines(command: Command, on_line: impl FnMut(&str)) -> Result<Finished, Failure> {
    run(command, on_line, || ())
}

fn run(
    mut command: Command,
    mut on_line: impl FnMut(&str),
    mut while_waiting: impl FnMut(),
) -> Result<Finished, Failure> {
    interrupt::check()?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(Failure::io("start", command.get_program()))?;
    let stderr = collect(child.stderr.take());
    let (sender, receiver) = mpsc::channel();
    let stdout = child.stdout.take();
    let reader = thread::spawn(move || {
        let Some(stdout) = stdout else { return };
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
    loop {
        match receiver.recv_timeout(POLL) {
            Ok(line) => on_line(line.strip_suffix('\r').unwrap_or(&line)),
            Err(RecvTimeoutError::Timeout) => {
                end_if_interrupted(&mut child)?;
                while_waiting();
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = wait(&mut child, &command)?;
    // Neither thread panics: they only read until the end of a pipe that the ended process has closed.
    let _ = reader.join();
    let stderr = stderr.join().unwrap_or_default();
    interrupt::check()?;
    Ok(Finished { status, stdout: String::new(), stderr })
}

fn collect(stream: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // What was read before an error is still worth showing.
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn wait(child: &mut Child, command: &Command) -> Result<ExitStatus, Failure> {
    loop {
        if let Some(status) = child.try_wait().map_err(Failure::io("wait for", command.get_program()))? {
            return Ok(status);
        }
        end_if_interrupted(child)?;
        thread::sleep(POLL);
    }
}

fn end_if_interrupted(child: &mut Child) -> Result<(), Failure> {
    if !interrupt::requested() {
        return Ok(());
    }
    // The process may have ended by itself, as Ctrl-C reaches it too.
    let _ = child.kill();
    let _ = child.wait();
    Err(Failure::Interrupted)
}
