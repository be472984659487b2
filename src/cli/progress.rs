//! The progress of a run: on a terminal a bar, elsewhere lines if they are asked for. Both have the
//! share done, time left, records, anomalies, rates, what binds, and memory.

use super::figures::{date, of, short, short_count, size};
use super::say::say;
use crate::convert::Times;
use crate::sys::resident_memory;
use crate::{Bound, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// The bar is drawn so often; what binds is of the time in between.
const EVERY: Duration = Duration::from_millis(200);

/// From this width on, units are written out; they take up to 120 columns.
const WIDE: usize = 130;

/// Below this width there is room for the most important alone.
const NARROW: usize = 64;

/// A bar that a thread draws, lines that it prints, or nothing.
#[derive(Clone, Default)]
pub(super) struct Bar(Option<Arc<Shown>>);

/// What is to be shown.
#[derive(Clone, Copy)]
pub(super) struct Showing {
    pub(super) to_stdout: bool,
    pub(super) quiet: bool,
    /// The seconds between lines, if lines are wanted.
    pub(super) lines: Option<NonZero<u32>>,
}

struct Shown {
    /// `None` if lines are printed.
    bar: Option<ProgressBar>,
    finished: AtomicBool,
}

impl Bar {
    /// Draws on a terminal's stderr, unless the output goes to the terminal too or silence was
    /// asked for. A run that ends within [`EVERY`] shows none. If stderr is no terminal, it prints
    /// lines, if that was asked for.
    pub(super) fn new(showing: Showing, progress: &Arc<Progress>) -> Self {
        let to_terminal = showing.to_stdout && std::io::stdout().is_terminal();
        let (bar, every) = match (std::io::stderr().is_terminal(), showing.lines) {
            _ if showing.quiet => return Self(None),
            (true, _) if to_terminal => return Self(None),
            (true, _) => (Some(blank_bar()), EVERY),
            (false, Some(seconds)) => (None, Duration::from_secs(seconds.get().into())),
            (false, None) => return Self(None),
        };
        let shown = Arc::new(Shown { bar, finished: AtomicBool::new(false) });
        let (drawn, progress) = (Arc::clone(&shown), Arc::clone(progress));
        let draw = move || drawn.watch(&progress, every);
        match std::thread::Builder::new().name("progress".to_owned()).spawn(draw) {
            Ok(_) => Self(Some(shown)),
            Err(_) => Self(None),
        }
    }

    /// The bar on the terminal.
    fn drawn(&self) -> Option<&ProgressBar> {
        self.0.as_ref()?.bar.as_ref()
    }

    /// Whether there is something on the terminal.
    pub(super) fn is_shown(&self) -> bool {
        self.drawn().is_some()
    }

    /// Does something on the terminal while the bar is off it.
    pub(super) fn aside(&self, act: impl FnOnce()) {
        match self.drawn() {
            Some(bar) => bar.suspend(act),
            None => act(),
        }
    }

    /// Takes the bar off the terminal, or prints no further line.
    pub(super) fn finish(&self) {
        if let Some(shown) = &self.0 {
            shown.finished.store(true, Ordering::SeqCst);
            shown.bar.iter().for_each(ProgressBar::finish_and_clear);
        }
    }
}

impl Shown {
    fn watch(&self, progress: &Progress, every: Duration) {
        let mut watch = Watcher::new(progress);
        loop {
            std::thread::sleep(every);
            if self.finished.load(Ordering::SeqCst) {
                return;
            }
            let glance = watch.look();
            match &self.bar {
                Some(bar) => draw(bar, &glance),
                None => say(&format!("{} {}\n", date(SystemTime::now()), glance.line())),
            }
        }
    }
}

/// A bar that shows nothing yet.
fn blank_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Draws the bar, and what is known beside it.
fn draw(bar: &ProgressBar, glance: &Glance) {
    let width = rustix::termios::tcgetwinsize(std::io::stderr()).map_or(80, |size| usize::from(size.ws_col));
    let text = glance.text(width);
    // A bar is worth having where six cells are left for it.
    let has_bar = glance.total > 0 && text.chars().count() + 9 < width;
    let template = if has_bar { "[{wide_bar}] {msg}" } else { "{msg}" };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    if glance.total > 0 {
        bar.set_length(glance.total);
    }
    bar.set_position(glance.taken);
    bar.set_message(text.chars().take(width.saturating_sub(1)).collect::<String>());
}

/// What watches a run's counters.
struct Watcher<'p> {
    progress: &'p Progress,
    /// When the work that counts began.
    begun: Instant,
    total: u64,
    last: Instant,
    last_in: u64,
    last_out: u64,
    times: Times,
    limited: Duration,
}

/// What a look at the counters shows.
struct Glance {
    total: u64,
    taken: u64,
    left: Option<Duration>,
    read: u64,
    records: u64,
    anomalies: u64,
    /// Bytes a second.
    pace_in: u64,
    pace_out: u64,
    bound: Bound,
    memory: u64,
}

impl<'p> Watcher<'p> {
    fn new(progress: &'p Progress) -> Self {
        let now = Instant::now();
        let (times, limited) = (progress.times(), progress.limited());
        Self { progress, begun: now, total: 0, last: now, last_in: 0, last_out: 0, times, limited }
    }

    fn look(&mut self) -> Glance {
        let progress = self.progress;
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let total = load(&progress.total);
        if total != self.total && self.total > 0 {
            // What an earlier run did was passed over, which took its time.
            self.begun = self.last;
        }
        self.total = total;
        let (taken, read, written) =
            (load(&progress.file_bytes), load(&progress.bytes_in), load(&progress.bytes_out));
        let now = Instant::now();
        let since = now.duration_since(self.last);
        let pace = |new: u64, old: u64| (new.saturating_sub(old) as f64 / since.as_secs_f64()) as u64;
        let (times, limited) = (progress.times(), progress.limited());
        let accrued = times.since(&self.times);
        let bound = if limited.saturating_sub(self.limited) > since / 2 {
            Bound::RateLimit
        } else if accrued.input + accrued.compute + accrued.output >= since / 2 {
            accrued.bound()
        } else {
            // Where most waits are not over yet, what the workers are at now says more.
            progress.now()
        };
        let (elapsed, to_do) = (now.duration_since(self.begun), total.saturating_sub(taken));
        let glance = Glance {
            total,
            taken,
            left: Duration::try_from_secs_f64(elapsed.as_secs_f64() * to_do as f64 / taken as f64).ok(),
            read,
            records: load(&progress.records),
            anomalies: load(&progress.anomalies),
            pace_in: pace(read, self.last_in),
            pace_out: pace(written, self.last_out),
            bound,
            memory: resident_memory().unwrap_or(0),
        };
        (self.last, self.last_in, self.last_out) = (now, read, written);
        (self.times, self.limited) = (times, limited);
        glance
    }
}

impl Glance {
    /// The share done in percent, if it is known how much there is.
    fn share(&self) -> Option<u64> {
        (self.taken * 100).checked_div(self.total).map(|share| share.min(100))
    }

    /// Beside the bar, or in its place.
    fn text(&self, width: usize) -> String {
        let Self { read, records, pace_in, pace_out, memory, .. } = *self;
        let (left, bound) = (clock(self.left), self.bound.name());
        let anomalies = match self.anomalies {
            0 => String::new(),
            1 => " 1 anomaly".to_owned(),
            n => format!(" {} anomalies", short_count(n)),
        };
        if width >= WIDE {
            let how_far = self.share().map_or_else(|| size(read), |share| format!("{share:3}%  {left} left"));
            let records = of(records, "record", "records");
            let (pace_in, pace_out, memory) = (size(pace_in), size(pace_out), size(memory));
            return format!(
                "{how_far}  {records} {anomalies}  in {pace_in}/s  out {pace_out}/s  {bound}-bound  mem {memory}"
            );
        }
        let how_far = |word| match self.share() {
            Some(share) => format!("{share}% {left}{word}"),
            None => short(read),
        };
        let rates = format!("{}>{}/s", short(pace_in), short(pace_out));
        if width < NARROW {
            return format!("{} {rates} {bound} {}", how_far(""), short(memory));
        }
        let word = if records == 1 { "record" } else { "records" };
        let records = format!("{} {word}", short_count(records));
        format!("{} {records}{anomalies} {rates} {bound} {}", how_far(" left"), short(memory))
    }

    /// A line of a log.
    fn line(&self) -> String {
        let how_far = match self.share() {
            Some(share) => format!("{share}%, {} left", clock(self.left)),
            None => size(self.read),
        };
        format!(
            "{how_far}, {}, {}, in {}/s, out {}/s, {} bound, memory {}",
            of(self.records, "record", "records"),
            of(self.anomalies, "anomaly", "anomalies"),
            size(self.pace_in),
            size(self.pace_out),
            self.bound.name(),
            size(self.memory)
        )
    }
}

/// A time as a clock shows it.
fn clock(time: Option<Duration>) -> String {
    let Some(time) = time else { return "--:--".to_owned() };
    let seconds = time.as_secs_f64().ceil() as u64;
    match seconds {
        0..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ => format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glance() -> Glance {
        Glance {
            total: 1 << 40,
            taken: 1 << 39,
            left: Some(Duration::from_secs(59_999)),
            read: 1 << 39,
            records: 12_345_678_901,
            anomalies: 987_654_321,
            pace_in: 1_900 << 20,
            pace_out: 2_900 << 20,
            bound: Bound::Compute,
            memory: 900 << 20,
        }
    }

    #[test]
    fn a_bar_of_80_columns_has_room_for_a_bar() {
        let usual = Glance { left: Some(Duration::from_secs(599)), anomalies: 12, ..glance() };
        assert_eq!(usual.text(80), "50% 9:59 left 12.3G records 12 anomalies 1.9G>2.8G/s compute 900M");
        assert!(usual.text(80).len() + 9 < 80);
        let long = glance().text(80);
        assert!(long.len() < 80, "{long}");
        assert!(glance().text(WIDE).len() < WIDE, "{}", glance().text(WIDE));
        assert_eq!(Glance { total: 0, ..usual }.text(50), "512G 1.9G>2.8G/s compute 900M");
    }

    #[test]
    fn one_is_one() {
        let one = Glance { total: 0, records: 1, anomalies: 1, ..glance() };
        assert!(one.text(80).contains(" 1 record 1 anomaly "), "{}", one.text(80));
        assert!(one.line().contains(", 1 record, 1 anomaly, "), "{}", one.line());
    }
}
