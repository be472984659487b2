//! The program. It hands over to [`rowmill::cli`] at once.
#![allow(unsafe_code)] // Room 3: a function that the loader calls before `main`. The library has none.

/// Has the loader call [`look`] before Rust's run-time is set up, which opens `/dev/null` in place
/// of closed streams.
// SAFETY: the section holds pointers to functions without arguments. The loader calls each once, on
// one thread. This one needs nothing of the run-time: two system calls and two atomics.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = look;

extern "C" fn look() {
    rowmill::cli::look_at_streams();
}

fn main() -> std::process::ExitCode {
    rowmill::cli::main()
}
