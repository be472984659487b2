//! The progress bar: share done, rates, memory, time left, and what binds. On a terminal only.

use super::figures::{rss, size};
use crate::Progress;
use crate::convert::Times;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Drawn so often; what binds is of the time in between.
const EVERY: Duration = Duration::from_millis(200);

/// From this width on, words and units are written out; they take up to 75 columns.
const WIDE: usize = 78;

/// A bar that a thread draws, or none.
#[derive(Clone, Default)]
pub(super) struct Bar(Option<Arc<Shown>>);

struct Shown {
    bar: ProgressBar,
    finished: AtomicBool,
}

impl Bar {
    /// Draws on a terminal's stderr, unless the output goes to the terminal too or silence was
    /// asked for. A run that ends within [`EVERY`] shows none.
    pub(super) fn new(to_stdout: bool, quiet: bool, progress: &Arc<Progress>) -> Self {
        let to_terminal = to_stdout && std::io::stdout().is_terminal();
        if quiet || to_terminal || !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let shown = Arc::new(Shown { bar, finished: AtomicBool::new(false) });
        let (drawn, progress) = (Arc::clone(&shown), Arc::clone(progress));
        let draw = move || drawn.draw(&progress);
        match std::thread::Builder::new().name("progress".to_owned()).spawn(draw) {
            Ok(_) => Self(Some(shown)),
            Err(_) => Self(None),
        }
    }

    /// Whether there is one.
    pub(super) fn is_shown(&self) -> bool {
        self.0.is_some()
    }

    /// Takes the bar off the terminal.
    pub(super) fn finish(&self) {
        if let Some(shown) = &self.0 {
            shown.finished.store(true, Ordering::SeqCst);
            shown.bar.finish_and_clear();
        }
    }
}

impl Shown {
    fn draw(&self, progress: &Progress) {
        let begun = Instant::now();
        let mut times = Times::default();
        let (mut last_in, mut last_out, mut last) = (0, 0, begun);
        loop {
            std::thread::sleep(EVERY);
            if self.finished.load(Ordering::SeqCst) {
                return;
            }
            let total = progress.total.load(Ordering::Relaxed);
            let taken = progress.file_bytes.load(Ordering::Relaxed);
            let done = progress.bytes_in.load(Ordering::Relaxed);
            let out = progress.bytes_out.load(Ordering::Relaxed);
            let now = Instant::now();
            let seconds = now.duration_since(last).as_secs_f64();
            let pace = |new: u64, old: u64| (new.saturating_sub(old) as f64 / seconds) as u64;
            let spent = progress.times();
            let accrued = spent.since(&times);
            // Where most waits are not over yet, what the workers are at now says more.
            let bound = if accrued.input + accrued.compute + accrued.output >= EVERY / 2 {
                accrued.bound()
            } else {
                progress.now()
            };
            let width =
                rustix::termios::tcgetwinsize(std::io::stderr()).map_or(80, |size| usize::from(size.ws_col));
            let (pace_in, pace_out) = (pace(done, last_in), pace(out, last_out));
            let memory = rss("VmRSS:").unwrap_or(0);
            let share = (taken * 100).checked_div(total).map(|share| share.min(100));
            let text = if width >= WIDE {
                let how_far = match share {
                    Some(share) => format!("{share:3}%  {} left", left(begun.elapsed(), taken, total)),
                    None => size(done),
                };
                let (pace_in, pace_out, memory) = (size(pace_in), size(pace_out), size(memory));
                format!("{how_far}  in {pace_in}/s  out {pace_out}/s  {}-bound  mem {memory}", bound.name())
            } else {
                let how_far = match share {
                    Some(share) => format!("{share}% {}", left(begun.elapsed(), taken, total)),
                    None => short(done),
                };
                let (pace_in, pace_out, memory) = (short(pace_in), short(pace_out), short(memory));
                format!("{how_far} {pace_in}>{pace_out}/s {} {memory}", bound.name())
            };
            self.show(&text, width, taken, total);
            (last_in, last_out, last, times) = (done, out, now, spent);
        }
    }

    fn show(&self, text: &str, width: usize, done: u64, total: u64) {
        // A bar is worth having where ten cells are left for it.
        let bar = total > 0 && text.len() + 14 <= width;
        let template = if bar { "[{wide_bar}] {msg}" } else { "{msg}" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("=> "));
        }
        if total > 0 {
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
        self.bar.set_message(text[..text.len().min(width.saturating_sub(1))].to_owned());
    }
}

/// A size in four or five characters.
fn short(n: u64) -> String {
    let mut value = n as f64;
    let mut unit = "B";
    for next in ["K", "M", "G", "T", "P"] {
        if value < 1000.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if value < 10.0 && unit != "B" { format!("{value:.1}{unit}") } else { format!("{value:.0}{unit}") }
}

/// The time left at the pace so far.
fn left(elapsed: Duration, done: u64, total: u64) -> String {
    if done == 0 {
        return "--:--".to_owned();
    }
    let seconds = (elapsed.as_secs_f64() * total.saturating_sub(done) as f64 / done as f64).ceil() as u64;
    match seconds {
        0..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ => format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60),
    }
}
