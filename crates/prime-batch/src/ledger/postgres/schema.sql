-- Version 1. Amounts are in US dollars.

CREATE SCHEMA IF NOT EXISTS prime_batch;

CREATE TABLE prime_batch.version (version integer NOT NULL);
INSERT INTO prime_batch.version VALUES (1);

-- Fencing tokens. Each lease of a chunk has its own.
CREATE SEQUENCE prime_batch.token;

CREATE TABLE prime_batch.ledger (
  ledger bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- Distinguishes this ledger from those of other databases.
  uid text NOT NULL,
  -- The directory or URL of the output.
  output text NOT NULL UNIQUE,
  -- The base URL of the service, and the team that is billed. NULL is the personal account.
  endpoint text NOT NULL,
  team text,
  -- The limits. The concurrency is that of each worker.
  budget numeric,
  min_concurrency integer NOT NULL,
  max_concurrency integer NOT NULL,
  requests_per_minute integer,
  tokens_per_minute integer,
  -- The cost of everything that was done, but not that of leases in force. An unknown cost counts with its upper bound.
  spent numeric NOT NULL DEFAULT 0,
  -- What is reserved for the leases in force.
  reserved numeric NOT NULL DEFAULT 0,
  -- The requests and tokens of all workers are planned up to this time, if there are limits per minute.
  rate_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE prime_batch.job (
  job bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  ledger bigint NOT NULL REFERENCES prime_batch.ledger,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- The time of the last submission. The last job of a ledger is the current one.
  submitted_at timestamptz NOT NULL DEFAULT now(),
  -- The path or URL of the input, how to read it, and a SHA-256 hash of its contents and the template.
  input text NOT NULL,
  format text NOT NULL,
  digest bytea NOT NULL,
  requests bigint NOT NULL,
  chunks bigint NOT NULL,
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'cancelled', 'done')),
  -- Options of the workers.
  ask_failed boolean NOT NULL,
  ask_ambiguous boolean NOT NULL,
  allow_unpriced boolean NOT NULL,
  max_retries integer NOT NULL,
  patience_ms bigint NOT NULL,
  UNIQUE (ledger, digest)
);

CREATE TABLE prime_batch.chunk (
  job bigint NOT NULL REFERENCES prime_batch.job,
  chunk bigint NOT NULL,
  -- Where it begins in the input: the byte, and the line, counted from 1, or the row.
  start_at bigint NOT NULL,
  end_at bigint NOT NULL,
  first_line bigint NOT NULL,
  requests integer NOT NULL,
  -- A hash of its keys: a worker that reads others stops, because the input has changed.
  digest bytea NOT NULL,
  -- An open chunk has requests that may be sent. A leased one belongs to a worker.
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'leased', 'ended')),
  token bigint NOT NULL DEFAULT 0,
  -- The worker that has the chunk, or had it last.
  worker text,
  expires_at timestamptz,
  -- What the lease has reserved from the budget, and what it has spent of that.
  reserved numeric NOT NULL DEFAULT 0,
  lease_spent numeric NOT NULL DEFAULT 0,
  -- The requests in each state when the last lease ended. The others are unsent.
  answered integer NOT NULL DEFAULT 0,
  failed integer NOT NULL DEFAULT 0,
  ambiguous integer NOT NULL DEFAULT 0,
  -- Requests that were not sent because their cost has no upper bound.
  unpriced integer NOT NULL DEFAULT 0,
  -- Counts the changes of the results, and which of them the part of the output has.
  changes bigint NOT NULL DEFAULT 0,
  written_changes bigint,
  PRIMARY KEY (job, chunk)
) WITH (fillfactor = 70);

CREATE TABLE prime_batch.request (
  number bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  ledger bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  -- The SHA-256 hash of the body.
  hash bytea NOT NULL,
  -- The chunk that has the request in the job that claimed it last, and its line or row.
  job bigint NOT NULL,
  chunk bigint NOT NULL,
  line bigint NOT NULL,
  model text NOT NULL,
  state text NOT NULL CHECK (state IN ('unsent', 'sent', 'answered', 'failed', 'ambiguous')),
  -- Whether it is ambiguous because the lease under which it was sent ended without an outcome. The worker that sent it
  -- may still record the outcome.
  is_interrupted boolean NOT NULL DEFAULT false,
  -- How often it was sent, and how many of these attempts may have been carried out although no answer arrived.
  attempts integer NOT NULL,
  unknown_attempts integer NOT NULL DEFAULT 0,
  -- The upper bound of the cost of one attempt. NULL if it is unknown.
  bound numeric,
  -- The fencing token of the lease under which it was sent last.
  token bigint NOT NULL,
  sent_at timestamptz NOT NULL,
  done_at timestamptz,
  latency_ms bigint,
  status integer,
  request_id text,
  error_code text,
  error text,
  -- The cost of all attempts: what the service stated, what was calculated from tokens and prices, and the upper bound
  -- for attempts whose cost is unknown.
  known_cost numeric,
  estimated_cost numeric,
  held numeric,
  prompt_tokens bigint,
  completion_tokens bigint,
  -- The body of the response, in one line.
  answer bytea
) WITH (fillfactor = 60);

CREATE UNIQUE INDEX request_key ON prime_batch.request (ledger, id, hash);
CREATE INDEX request_chunk ON prime_batch.request (job, chunk, line);

CREATE TABLE prime_batch.worker (
  job bigint NOT NULL REFERENCES prime_batch.job,
  worker text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  -- The number of its requests in flight, and how many may be.
  in_flight integer NOT NULL DEFAULT 0,
  level integer NOT NULL DEFAULT 0,
  PRIMARY KEY (job, worker)
);
