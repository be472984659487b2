//! The program: hands over to [`rowmill::cli`] at once.

fn main() -> std::process::ExitCode {
    rowmill::cli::main()
}
