//! The program. It hands over to [`rowmill::cli`] at once.

// Rust's run-time opens `/dev/null` in place of closed streams, so they are looked at before it.
rowmill::look_before_main!();

#[global_allocator]
static ALLOCATOR: rowmill::internal::Allocator = rowmill::internal::Allocator;

fn main() -> std::process::ExitCode {
    rowmill::cli::main()
}
