//! A spawned program with everything that it spawns: watched, captured, limited in time, and killed as one.

use std::{
    ffi::OsString,
    fmt, fs,
    io::{self, ErrorKind, Read},
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};

/// How often a wait looks again.
const STEP: Duration = Duration::from_millis(2);

/// How a program ended and what it printed.
#[derive(Debug, Clone)]
pub struct Output {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output, bytes that are not UTF-8 replaced.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
    /// From the spawn to the exit.
    pub duration: Duration,
}

impl Output {
    /// Passes the output on when the program exited with 0.
    ///
    /// # Panics
    ///
    /// When it did not.
    #[track_caller]
    #[must_use]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "the program failed\n{self}");
        self
    }

    /// Passes the output on when the program exited with another code than 0, by itself.
    ///
    /// # Panics
    ///
    /// When it succeeded or was killed.
    #[track_caller]
    #[must_use]
    pub fn failed(self) -> Self {
        assert!(self.code.is_some_and(|code| code != 0), "the program should have failed\n{self}");
        self
    }
}

impl fmt::Display for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, stdout, stderr, duration } = self;
        write!(formatter, "exit code {code:?} after {duration:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// A running program in a process group of its own, which is killed as a whole on drop.
#[derive(Debug)]
pub struct ProcessGroup {
    what: OsString,
    child: Child,
    started: Instant,
    stdout: Capture,
    stderr: Capture,
    is_reaped: bool,
}

impl ProcessGroup {
    /// Starts the command with its output captured and no input.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[track_caller]
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let what = command.get_program().to_owned();
        let started = Instant::now();
        let mut child = spawn(command).unwrap_or_else(|error| panic!("failed to start {}: {error}", what.display()));
        let stdout = Capture::of(child.stdout.take());
        let stderr = Capture::of(child.stderr.take());
        Self { what, child, started, stdout, stderr, is_reaped: false }
    }

    /// Runs the command to its end.
    ///
    /// # Panics
    ///
    /// When it takes longer than `limit`.
    #[track_caller]
    #[must_use]
    pub fn run(command: &mut Command, limit: Duration) -> Output {
        Self::start(command).finish(limit)
    }

    /// Waits for the end of the program; what it left running is killed.
    ///
    /// # Panics
    ///
    /// When it takes longer than `limit`.
    #[track_caller]
    #[must_use]
    pub fn finish(mut self, limit: Duration) -> Output {
        while !self.has_exited() {
            if self.started.elapsed() > limit {
                self.kill();
                panic!("{} took longer than {limit:?}\n{}", self.what.display(), self.log());
            }
            thread::sleep(STEP);
        }
        let duration = self.started.elapsed();
        let status = self.kill();
        self.stdout.wait_for_end(limit);
        self.stderr.wait_for_end(limit);
        Output { code: status.code(), stdout: self.stdout.text(), stderr: self.stderr.text(), duration }
    }

    /// Waits for the first line of standard output, without its line end.
    ///
    /// # Panics
    ///
    /// When none comes within `limit`, or the program ends before.
    #[track_caller]
    #[must_use]
    pub fn first_line(&mut self, limit: Duration) -> String {
        loop {
            let exited = self.has_exited();
            if let Some((line, _)) = self.stdout.text().split_once('\n') {
                return line.trim_end().to_owned();
            }
            let late = self.started.elapsed() > limit;
            assert!(!exited && !late, "{} printed no line\n{}", self.what.display(), self.log());
            thread::sleep(STEP);
        }
    }

    /// Whether the program itself has ended.
    #[must_use]
    pub fn has_exited(&self) -> bool {
        // The child is left unreaped, so that its id still names its group when the group is killed.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.id()), options).map_or(true, |status| status.is_some())
    }

    /// Interrupts the program and all that it started, as a terminal does at Ctrl-C.
    ///
    /// # Panics
    ///
    /// When the group is gone.
    #[track_caller]
    pub fn interrupt(&self) {
        kill_process_group(self.id(), Signal::INT).unwrap_or_else(|error| panic!("nobody to interrupt: {error}"));
    }

    /// Kills the program, and nothing that it has started: as the kernel does when memory is short.
    ///
    /// # Panics
    ///
    /// When it does not end.
    #[track_caller]
    pub fn kill_alone(&self) {
        kill_process(self.id(), Signal::KILL).unwrap_or_else(|error| panic!("nobody to kill: {error}"));
        let killed = Instant::now();
        while !self.has_exited() {
            assert!(killed.elapsed() < Duration::from_secs(60), "{} outlives SIGKILL", self.what.display());
            thread::sleep(STEP);
        }
    }

    /// The resident memory of the program itself.
    ///
    /// # Panics
    ///
    /// When it has ended.
    #[track_caller]
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        let path = format!("/proc/{}/statm", self.id());
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let pages: Option<u64> = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
        pages.unwrap_or_else(|| panic!("{path}: {text}")) * rustix::param::page_size() as u64
    }

    /// What it has printed so far, both streams.
    #[must_use]
    pub fn log(&self) -> String {
        format!("--- stdout\n{}\n--- stderr\n{}", self.stdout.text(), self.stderr.text())
    }

    fn id(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn kill(&mut self) -> ExitStatus {
        // The unreaped child keeps its group in being; a failure could only say that nobody is left to kill.
        let _ = kill_process_group(self.id(), Signal::KILL);
        self.is_reaped = true;
        self.child.wait().unwrap_or_else(|error| panic!("failed to wait for {}: {error}", self.what.display()))
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // Once it is reaped, its id may name another process.
        if !self.is_reaped {
            self.kill();
        }
    }
}

/// User and system time of all processes that this one has started and seen end: `proc(5)`, fields 16 and 17.
///
/// # Panics
///
/// When the kernel is not Linux.
#[must_use]
pub fn cpu_seconds_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux has it");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // The split starts behind field 2.
    let ticks: f64 = [fields[13], fields[14]].iter().map(|field| field.parse::<f64>().expect("a number")).sum();
    ticks / rustix::param::clock_ticks_per_second() as f64
}

/// A stream that a thread reads to its end.
#[derive(Debug, Clone, Default)]
struct Capture(Arc<(Mutex<Captured>, Condvar)>);

#[derive(Debug, Default)]
struct Captured {
    bytes: Vec<u8>,
    ended: bool,
}

impl Capture {
    fn of(stream: Option<impl Read + Send + 'static>) -> Self {
        let capture = Self::default();
        let mut stream = stream.expect("the stream was asked for as a pipe");
        let filled = capture.clone();
        thread::spawn(move || {
            let mut part = [0; 8192];
            loop {
                match stream.read(&mut part) {
                    Ok(0) => break,
                    Ok(length) => filled.change(|captured| captured.bytes.extend_from_slice(&part[..length])),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
            filled.change(|captured| captured.ended = true);
        });
        capture
    }

    fn change(&self, change: impl FnOnce(&mut Captured)) {
        let (captured, changed) = &*self.0;
        change(&mut captured.lock().unwrap_or_else(PoisonError::into_inner));
        changed.notify_all();
    }

    fn wait_for_end(&self, limit: Duration) {
        let (captured, changed) = &*self.0;
        let captured = captured.lock().unwrap_or_else(PoisonError::into_inner);
        let (_captured, result) = changed
            .wait_timeout_while(captured, limit, |captured| !captured.ended)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!result.timed_out(), "a process that left its group keeps an output stream open");
    }

    fn text(&self) -> String {
        let captured = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&captured.bytes).into_owned()
    }
}

/// A program that was just written cannot be started while a child that another thread forked meanwhile, and that has
/// not become its own program yet, holds the file open: `ETXTBSY`. That is over in a moment.
fn spawn(command: &mut Command) -> io::Result<Child> {
    const TRIES: u32 = 100;
    for _ in 1..TRIES {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => thread::sleep(Duration::from_millis(20)),
            outcome => return outcome,
        }
    }
    command.spawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_streams_and_the_code_are_kept() {
        let output = ProcessGroup::run(&mut shell("echo out; echo err >&2; exit 3"), Duration::from_secs(10)).failed();
        assert_eq!((output.code, &*output.stdout, &*output.stderr), (Some(3), "out\n", "err\n"));
    }

    #[test]
    #[should_panic(expected = "took longer than")]
    fn a_late_program_is_killed() {
        let _ = ProcessGroup::run(&mut shell("sleep 60"), Duration::from_millis(50));
    }

    #[test]
    fn a_program_that_is_still_held_open_is_started_a_moment_later() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let program = folder.path().join("program");
        fs::copy("/bin/true", &program).expect("the program can be copied");
        let held = fs::OpenOptions::new().append(true).open(&program).expect("it can be opened");
        let holder = thread::spawn(move || {
            thread::sleep(Duration::from_millis(100));
            drop(held);
        });
        let _ = ProcessGroup::run(&mut Command::new(&program), Duration::from_secs(10)).succeeded();
        holder.join().expect("it only sleeps");
    }

    #[test]
    fn a_child_left_behind_is_killed_too() {
        let started = Instant::now();
        let output = ProcessGroup::run(&mut shell("sleep 60 & echo $!"), Duration::from_secs(10)).succeeded();
        assert!(started.elapsed() < Duration::from_secs(5), "waited for the child's output");
        let id = output.stdout.trim();
        let gone = || fs::read_to_string(format!("/proc/{id}/stat")).map_or(true, |stat| stat.contains(") Z "));
        while !gone() {
            assert!(started.elapsed() < Duration::from_secs(10), "{id} still runs");
            thread::sleep(STEP);
        }
    }

    #[test]
    fn dropping_it_kills_it() {
        let mut group = ProcessGroup::start(&mut shell("echo $$; exec sleep 60"));
        let id = group.first_line(Duration::from_secs(10));
        drop(group);
        assert!(!std::path::Path::new(&format!("/proc/{id}")).exists());
    }
}
