//! Reads a large event in one piece and in many, with the decoder alone and with `ChatStream`.

use prime_ext::ChatStream;
use prime_ext::bytes::Bytes;
use prime_ext::pinference_api::ByteStream;
use prime_ext::sse::Decoder;

use crate::report::median;
use crate::{Result, process};

const SIZE: usize = 8 << 20;
const PIECES: usize = 1024;

/// Measures and prints the table.
pub fn lines(quick: bool) -> Result<()> {
    process::pin(1)?;
    let rounds = if quick { 5 } else { 25 };
    let head = "data: {\"choices\":[{\"delta\":{\"content\":\"";
    let tail = "\"}}]}\n\n";
    let text = "x".repeat(SIZE - head.len() - tail.len());
    let event = Bytes::from(format!("{head}{text}{tail}"));
    println!("\n| event of 8 MiB | in one piece | in 1,024 pieces | goal |");
    println!("|---|---|---|---|");
    line("event decoder alone", rounds, &event, decoder)?;
    line("`ChatStream`", rounds, &event, answer)
}

fn line(
    name: &str,
    rounds: usize,
    event: &Bytes,
    read: fn(Vec<Bytes>) -> Result<()>,
) -> Result<()> {
    let take = |pieces: usize| -> Result<f64> {
        let size = event.len().div_ceil(pieces);
        let cut = (0..event.len()).step_by(size);
        let cut = cut.map(|at| event.slice(at..event.len().min(at + size)));
        let cut = cut.collect();
        let start = process::cpu_time();
        read(cut)?;
        Ok((process::cpu_time() - start).as_secs_f64() * 1000.0)
    };
    let (mut whole, mut cut) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        whole.push(take(1)?);
        cut.push(take(PIECES)?);
    }
    let (whole, cut) = (median(whole), median(cut));
    println!(
        "| {name} | {whole:.2} ms | {:.2} ({cut:.2}) | ≤ 2 |",
        cut / whole
    );
    Ok(())
}

fn decoder(pieces: Vec<Bytes>) -> Result<()> {
    let mut decoder = Decoder::new();
    let mut events = 0;
    for piece in pieces {
        decoder.feed(piece);
        while let Some(event) = decoder.next() {
            events += std::hint::black_box(event?).data.len();
        }
    }
    (events > 0).then_some(()).ok_or("no event".into())
}

fn answer(pieces: Vec<Bytes>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let done = [Bytes::from_static(b"data: [DONE]\n\n")];
        let pieces = pieces.into_iter().chain(done).map(Ok::<_, std::io::Error>);
        let body = ByteStream::new(futures_util::stream::iter(pieces.collect::<Vec<_>>()));
        let stream = ChatStream::from_byte_stream(body).await?;
        std::hint::black_box(stream.finish().await?);
        Ok(())
    })
}
