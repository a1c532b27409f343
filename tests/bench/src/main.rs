//! The benchmark.

fn main() -> prime_bench::Result<()> {
    prime_bench::main()
}
