//! A wallet that changes at random while it is read, in a thousand histories.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, Weak};

use prime_ext::{BillingEntry, Client, ErrorKind, Usd};
use prime_sim::Simulator;

/// Histories per simulator, and the number of simulators.
const HISTORIES: u64 = 10;
const SIMULATORS: u64 = 100;

/// What happens to a wallet between requests, determined by a seed.
struct History {
    dice: u64,
    /// The chances, out of eight, that a row arrives and that a row is billed again.
    arrivals: u64,
    moves: u64,
    /// The maximum number of changes between two requests.
    burst: u64,
    /// The number of further responses after which the wallet still changes.
    busy: u64,
}

impl History {
    fn new(seed: u64) -> Self {
        let mut history = Self {
            dice: seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15),
            arrivals: 0,
            moves: 0,
            burst: 0,
            busy: 0,
        };
        (history.arrivals, history.moves) = match seed % 4 {
            0 => (1 + history.roll(4), 0),
            1 => (0, 1 + history.roll(4)),
            _ => (history.roll(4), history.roll(4)),
        };
        history.burst = if seed.is_multiple_of(3) { 20 } else { 2 };
        history.busy = 1 + history.roll(9);
        history
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 33) % sides
    }

    fn change(&mut self, sim: &Simulator) {
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

/// A simulator whose wallet changes after each response.
struct ChangingWallet {
    sim: Arc<Simulator>,
    history: Arc<Mutex<Option<History>>>,
}

impl ChangingWallet {
    async fn new(seed: u64) -> Self {
        let history = Arc::new(Mutex::new(None::<History>));
        let started: Arc<OnceLock<Weak<Simulator>>> = Arc::default();
        let (current, simulator) = (history.clone(), started.clone());
        let sim = Simulator::builder()
            .seed(seed)
            .time_scale(0.0)
            .billing_rows(40)
            .record(0)
            .on_response(move |_| {
                let mut history = current.lock().unwrap();
                if let (Some(history), Some(sim)) = (&mut *history, simulator.get()) {
                    history.change(&sim.upgrade().unwrap());
                }
            })
            .start()
            .await
            .unwrap();
        let sim = Arc::new(sim);
        started.set(Arc::downgrade(&sim)).unwrap();
        Self { sim, history }
    }

    fn rows(&self) -> Vec<BillingEntry> {
        self.sim.wallet(Some(self.sim.team())).unwrap().rows
    }
}

/// Reads a wallet while it changes. Returns whether the list is complete.
async fn read(wallet: &ChangingWallet, lab: &Client, seed: u64) -> bool {
    let before = wallet.rows();
    let mut history = History::new(seed);
    let (size, ahead) = (5 + history.roll(11), history.roll(3));
    *wallet.history.lock().unwrap() = Some(history);
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
    *wallet.history.lock().unwrap() = None;

    let once: HashSet<&str> = read.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(once.len(), read.len(), "history {seed} repeats a row");
    let after = wallet.rows();
    let now = |id: &str| after.iter().find(|row| row.id == id).unwrap();
    for change in rows.changes() {
        let given = read.iter().find(|row| row.id == change.id).unwrap();
        // Requests in flight at the same time are answered in any order.
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
async fn no_row_is_lost_or_repeated_in_a_thousand_histories() {
    // The simulators share a client, since every new one reads the certificates of the system.
    drop(rustls::crypto::ring::default_provider().install_default());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut tasks = Vec::new();
    for sim in 0..SIMULATORS {
        let http = http.clone();
        tasks.push(tokio::spawn(async move {
            let wallet = ChangingWallet::new(sim).await;
            let prime = Client::builder()
                .http_client(http)
                .api_key(wallet.sim.key())
                .platform_url(wallet.sim.platform_url());
            let lab = prime.team(wallet.sim.team()).build().unwrap();
            let mut complete = 0;
            for history in 0..HISTORIES {
                complete += u64::from(read(&wallet, &lab, sim * HISTORIES + history).await);
            }
            complete
        }));
    }
    let mut complete = 0;
    for task in tasks {
        complete += task.await.unwrap();
    }
    let all = HISTORIES * SIMULATORS;
    assert!(complete * 10 > all * 9, "{complete} of {all} are complete");
}
