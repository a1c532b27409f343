//! The benchmark with counted allocations.

#[global_allocator]
static HEAP: prime_bench::heap::Counting = prime_bench::heap::Counting;

fn main() -> prime_bench::Result<()> {
    prime_bench::main()
}
