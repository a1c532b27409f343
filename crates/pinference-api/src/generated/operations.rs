// Generated from specs/inference.yml and its overlays by `cargo xtask generate`. Do not edit.

//! What the specification says of each operation.

pub use progenitor_client::Operation;

/// Every operation, in the order of the specification.
pub const ALL: &[Operation] = &[
    LIST_MODELS,
    CREATE_CHAT_COMPLETION,
    CREATE_CHAT_COMPLETION_STREAM,
    GET_MODEL,
];

/// Prime Intellect List Inference Models: `GET /models`.
pub const LIST_MODELS: Operation = Operation::new(
    "list_models",
    "GET",
    "/models",
    false,
);

/// Prime Intellect Create Chat Completion: `POST /chat/completions`.
pub const CREATE_CHAT_COMPLETION: Operation = Operation::new(
    "create_chat_completion",
    "POST",
    "/chat/completions",
    false,
);

/// Prime Intellect Create Chat Completion, as an event stream: `POST /chat/completions`.
pub const CREATE_CHAT_COMPLETION_STREAM: Operation = Operation::new(
    "create_chat_completion_stream",
    "POST",
    "/chat/completions",
    true,
);

/// Get Model Details: `GET /models/{model_id}`.
pub const GET_MODEL: Operation = Operation::new(
    "get_model",
    "GET",
    "/models/{model_id}",
    false,
);
