//! A thousand random histories of a wallet that moves while it is read.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, Weak};

use prime_ext::{BillingEntry, Client, ErrorKind, Usd};
use prime_sim::Simulator;

/// Histories of one simulator, and simulators.
const HISTORIES: u64 = 10;
const SIMULATORS: u64 = 100;

/// What happens between two requests, from a seed.
struct Story {
    dice: u64,
    /// Chances in eight that a row arrives and that one moves, each time.
    arrivals: u64,
    moves: u64,
    /// How much can happen at once.
    burst: u64,
    /// After how many requests it rests.
    busy: u64,
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut story = Self {
            dice: seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15),
            arrivals: 0,
            moves: 0,
            burst: 0,
            busy: 0,
        };
        (story.arrivals, story.moves) = match seed % 4 {
            0 => (1 + story.roll(4), 0),
            1 => (0, 1 + story.roll(4)),
            _ => (story.roll(4), story.roll(4)),
        };
        story.burst = if seed.is_multiple_of(3) { 20 } else { 2 };
        story.busy = 1 + story.roll(9);
        story
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 33) % sides
    }

    fn go_on(&mut self, sim: &Simulator) {
        if self.busy == 0 {
            return;
        }
        self.busy -= 1;
        let cent: Usd = "0.01".parse().unwrap();
        let team = Some(sim.team());
        let rows = sim.wallet(team).unwrap().rows;
        for _ in 0..1 + self.roll(self.burst) {
            if self.roll(8) < self.arrivals {
                sim.bill(team, ("inference", "model"), cent).unwrap();
            }
            if self.roll(8) < self.moves {
                let row = self.roll(rows.len() as u64);
                let id = &rows[usize::try_from(row).unwrap()].id;
                assert!(sim.bill_more(team, id, cent));
            }
        }
    }
}

/// A simulator in which a story goes on after each answer.
struct Stage {
    sim: Arc<Simulator>,
    story: Arc<Mutex<Option<Story>>>,
}

impl Stage {
    async fn new(seed: u64) -> Self {
        let story = Arc::new(Mutex::new(None::<Story>));
        let stage: Arc<OnceLock<Weak<Simulator>>> = Arc::default();
        let (told, on) = (story.clone(), stage.clone());
        let sim = Simulator::builder()
            .seed(seed)
            .time_scale(0.0)
            .billing_rows(40)
            .record(0)
            .on_answer(move |_| {
                if let (Some(story), Some(sim)) = (&mut *told.lock().unwrap(), on.get()) {
                    story.go_on(&sim.upgrade().unwrap());
                }
            })
            .start()
            .await
            .unwrap();
        let sim = Arc::new(sim);
        stage.set(Arc::downgrade(&sim)).unwrap();
        Self { sim, story }
    }

    fn rows(&self) -> Vec<BillingEntry> {
        self.sim.wallet(Some(self.sim.team())).unwrap().rows
    }
}

/// Reads a wallet while a story goes on; whether it came to a whole.
async fn read(stage: &Stage, lab: &Client, seed: u64) -> bool {
    let before = stage.rows();
    let mut story = Story::new(seed);
    let (size, ahead) = (5 + story.roll(11), story.roll(3));
    *stage.story.lock().unwrap() = Some(story);
    let mut rows = lab
        .wallet()
        .billings()
        .page_size(size)
        .read_ahead(usize::try_from(ahead).unwrap());
    let mut read: Vec<BillingEntry> = Vec::new();
    let outcome = loop {
        match rows.try_next().await {
            Ok(Some(row)) => read.push(row),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    *stage.story.lock().unwrap() = None;

    let once: HashSet<&str> = read.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(once.len(), read.len(), "history {seed} gives a row twice");
    let after = stage.rows();
    let now = |id: &str| after.iter().find(|row| row.id == id).unwrap();
    for change in rows.changes() {
        let given = read.iter().find(|row| row.id == change.id).unwrap();
        // Answers that are under way at the same time come in any order.
        let later = ahead > 1 || given.amount_usd < change.amount_usd;
        assert!(later && given.amount_usd != change.amount_usd);
        assert!(change.amount_usd <= now(&change.id).amount_usd);
    }
    match outcome {
        Ok(()) => {
            for row in &before {
                assert!(once.contains(&*row.id), "history {seed} loses a row");
            }
            true
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Incomplete, "{error}");
            false
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_histories() {
    // One for all: a client of its own for each simulator would read the machine's certificates each time.
    drop(rustls::crypto::ring::default_provider().install_default());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut tasks = Vec::new();
    for sim in 0..SIMULATORS {
        let http = http.clone();
        tasks.push(tokio::spawn(async move {
            let stage = Stage::new(sim).await;
            let prime = Client::builder()
                .http_client(http)
                .api_key(stage.sim.key())
                .platform_url(stage.sim.platform_url());
            let lab = prime.team(stage.sim.team()).build().unwrap();
            let mut whole = 0;
            for history in 0..HISTORIES {
                whole += u64::from(read(&stage, &lab, sim * HISTORIES + history).await);
            }
            whole
        }));
    }
    let mut whole = 0;
    for task in tasks {
        whole += task.await.unwrap();
    }
    let all = HISTORIES * SIMULATORS;
    assert!(whole * 10 > all * 9, "{whole} of {all} came to a whole");
}
