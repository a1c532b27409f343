-- Version 1. Times are in milliseconds since 1970. Amounts are decimal numbers as text, in US dollars.

CREATE TABLE job (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  created_at INTEGER NOT NULL,
  -- The base URL of the service, and the team that is billed. NULL is the personal account.
  endpoint TEXT NOT NULL,
  team TEXT,
  -- The part of the input, such as 3/16. NULL for the whole input.
  shard TEXT,
  -- The file that was read last, and the SHA-256 hash of its bytes.
  input TEXT NOT NULL,
  input_digest BLOB,
  -- The number of requests in the input, or in this shard of it.
  requests INTEGER,
  -- 1 if prompts and answers are not kept.
  discards_content INTEGER NOT NULL,
  -- The number of requests in flight that the service accepted.
  level INTEGER,
  -- The limits. `batch set` changes them while the job runs.
  budget TEXT,
  min_concurrency INTEGER NOT NULL,
  max_concurrency INTEGER NOT NULL,
  requests_per_minute INTEGER,
  tokens_per_minute INTEGER,
  -- The process that runs the job, or ran it last, and its fencing token.
  owner TEXT,
  owner_since INTEGER,
  token INTEGER NOT NULL,
  -- The requests up to this position are in the output file, which then has this many bytes.
  output_position INTEGER NOT NULL,
  output_bytes INTEGER NOT NULL
) STRICT;

CREATE TABLE request (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  -- The SHA-256 hash of the body.
  hash BLOB NOT NULL,
  line INTEGER NOT NULL,
  model TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('unsent', 'sent', 'answered', 'failed', 'ambiguous')),
  -- 0 if the request is no longer in the input.
  is_current INTEGER NOT NULL,
  -- How often it was sent, and how many of these attempts may have been carried out although no answer arrived.
  attempts INTEGER NOT NULL,
  unknown_attempts INTEGER NOT NULL,
  -- The upper bound of the cost of one attempt. NULL if it is unknown.
  bound TEXT,
  -- The fencing token of the process that sent it.
  token INTEGER NOT NULL,
  sent_at INTEGER NOT NULL,
  done_at INTEGER,
  latency_ms INTEGER,
  -- The order in which the requests were done.
  position INTEGER,
  status INTEGER,
  request_id TEXT,
  error_code TEXT,
  error TEXT,
  -- The cost of all attempts: what the service stated, what was calculated from tokens and prices, and the upper bound
  -- for attempts whose cost is unknown.
  known_cost TEXT,
  estimated_cost TEXT,
  held TEXT,
  prompt_tokens INTEGER,
  completion_tokens INTEGER,
  -- The contents are the last columns, because SQLite would read them to reach the columns behind them.
  -- The body of the response, in one line. NULL if contents are discarded and the output has it.
  answer BLOB,
  -- The request as it was sent. NULL if contents are discarded.
  body BLOB,
  UNIQUE (id, hash)
) STRICT;

CREATE UNIQUE INDEX request_position ON request (position) WHERE position IS NOT NULL;
CREATE INDEX request_open ON request (state) WHERE state IN ('sent', 'failed', 'ambiguous');
