"""Tests OpenAI's package for Python with prime-sim. The environment has the settings."""

import os

import openai
from report import check, finish

MODEL = "meta-llama/llama-3.1-70b-instruct"
client = openai.OpenAI(
    base_url=os.environ["PRIME_INFERENCE_URL"], api_key=os.environ["PRIME_API_KEY"], max_retries=2
)
QUESTION = [{"role": "user", "content": "Capital of France?"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {
                "type": "object",
                "required": ["city"],
                "properties": {"city": {"type": "string"}},
            },
        },
    }
]


def raises(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


@check("models, including one with %2F in its path")
def _():
    ids = [model.id for model in client.models.list()]
    assert MODEL in ids, ids
    assert client.models.retrieve(MODEL).id == MODEL


@check("chat, with usage")
def _():
    answer = client.chat.completions.create(model=MODEL, messages=QUESTION)
    assert answer.choices[0].message.content == "The capital of France is Paris."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 7


@check("stream, with its usage chunk")
def _():
    chunks = list(
        client.chat.completions.create(
            model=MODEL, messages=QUESTION, stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "The capital of France is Paris.", text
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens == 7


@check("tool calls and results, streamed or not")
def _():
    messages = [{"role": "user", "content": "What is the weather in Paris?"}]
    answer = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS)
    message = answer.choices[0].message
    assert answer.choices[0].finish_reason == "tool_calls"
    assert message.tool_calls[0].function.name == "get_weather"
    with client.chat.completions.stream(model=MODEL, messages=messages, tools=TOOLS) as stream:
        streamed = stream.get_final_completion().choices[0].message.tool_calls[0].function
    assert streamed.arguments == message.tool_calls[0].function.arguments
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "17 degrees"}
    answer = client.chat.completions.create(
        model=MODEL, messages=[*messages, message, result], tools=TOOLS
    )
    assert "17 degrees" in answer.choices[0].message.content


@check("structured output, parsed")
def _():
    import pydantic

    class City(pydantic.BaseModel):
        name: str
        people: int
        tags: list[str]

    answer = client.chat.completions.parse(model=MODEL, messages=QUESTION, response_format=City)
    assert isinstance(answer.choices[0].message.parsed, City)


@check("log probabilities and reasoning")
def _():
    answer = client.chat.completions.create(
        model="openai/gpt-oss-120b",
        messages=QUESTION,
        logprobs=True,
        top_logprobs=2,
        reasoning_effort="low",
    )
    assert len(answer.choices[0].logprobs.content) == 7
    assert answer.choices[0].message.reasoning_content
    assert answer.usage.completion_tokens_details.reasoning_tokens > 0


@check("error classes")
def _():
    ask = client.chat.completions.create
    error = raises(openai.NotFoundError, lambda: ask(model="nobody/nothing", messages=QUESTION))
    assert error.code == "model_not_found"
    error = raises(
        openai.BadRequestError, lambda: ask(model=MODEL, messages=QUESTION, temperature=3)
    )
    assert error.param == "temperature"
    wrong = client.with_options(api_key="wrong")
    raises(openai.AuthenticationError, lambda: wrong.models.list())
    once = client.with_options(max_retries=0)
    raises(
        openai.RateLimitError,
        lambda: once.chat.completions.create(model="sim/quota", messages=QUESTION),
    )
    raises(
        openai.APIConnectionError,
        lambda: once.chat.completions.create(model="sim/reset", messages=QUESTION),
    )
    stream = once.chat.completions.create(model="sim/error-event", messages=QUESTION, stream=True)
    raises(openai.APIError, lambda: list(stream))


@check("retries after 503")
def _():
    model = "sim/status?status=503&times=2&retry_after_ms=1"
    answer = client.chat.completions.create(model=model, messages=QUESTION)
    assert answer.choices[0].message.content


finish()
