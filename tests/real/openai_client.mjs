// Tests OpenAI's package for Node with prime-sim. The environment has the settings.
// The output has one line per check in the format of report.py.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// The conformance command installs the package in another folder.
const require = createRequire(`${process.env.NODE_PACKAGES}/package.json`);
const { default: OpenAI } = await import(pathToFileURL(require.resolve("openai")));

const MODEL = "meta-llama/llama-3.1-70b-instruct";
const client = new OpenAI({
  baseURL: process.env.PRIME_INFERENCE_URL,
  apiKey: process.env.PRIME_API_KEY,
  maxRetries: 2,
});
const messages = [{ role: "user", content: "Capital of France?" }];
const tools = [
  {
    type: "function",
    function: {
      name: "get_weather",
      parameters: { type: "object", required: ["city"], properties: { city: { type: "string" } } },
    },
  },
];

let failed = false;
async function check(name, run) {
  try {
    await run();
    console.log(`ok\t${name}`);
  } catch (error) {
    failed = true;
    console.error(error);
    console.log(`failed\t${name}\t${`${error}`.replaceAll(/\s+/g, " ").slice(0, 300)}`);
  }
}

await check("models, including one with %2F in its path", async () => {
  const list = await client.models.list();
  assert(list.data.some((model) => model.id === MODEL));
  assert.equal((await client.models.retrieve(MODEL)).id, MODEL);
});

await check("chat, with usage", async () => {
  const answer = await client.chat.completions.create({ model: MODEL, messages });
  assert.equal(answer.choices[0].message.content, "The capital of France is Paris.");
  assert.equal(answer.usage.completion_tokens, 7);
});

await check("stream, with its usage chunk", async () => {
  const stream = await client.chat.completions.create({
    model: MODEL,
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = "";
  let usage;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, "The capital of France is Paris.");
  assert.equal(usage.completion_tokens, 7);
});

await check("tool calls, streamed or not", async () => {
  const question = [{ role: "user", content: "What is the weather in Paris?" }];
  const answer = await client.chat.completions.create({ model: MODEL, messages: question, tools });
  const call = answer.choices[0].message.tool_calls[0];
  assert.equal(call.function.name, "get_weather");
  const stream = client.chat.completions.stream({ model: MODEL, messages: question, tools });
  const streamed = (await stream.finalChatCompletion()).choices[0].message.tool_calls[0];
  assert.equal(streamed.function.arguments, call.function.arguments);
});

await check("structured output", async () => {
  const schema = {
    type: "object",
    additionalProperties: false,
    required: ["name", "people"],
    properties: { name: { type: "string" }, people: { type: "integer" } },
  };
  const answer = await client.chat.completions.parse({
    model: MODEL,
    messages,
    response_format: { type: "json_schema", json_schema: { name: "city", strict: true, schema } },
  });
  const { parsed } = answer.choices[0].message;
  assert.equal(typeof parsed.name, "string");
  assert(Number.isInteger(parsed.people));
});

await check("error classes", async () => {
  const ask = (model, more) => client.chat.completions.create({ model, messages, ...more }, { maxRetries: 0 });
  await assert.rejects(ask("nobody/nothing"), OpenAI.NotFoundError);
  await assert.rejects(ask(MODEL, { temperature: 3 }), OpenAI.BadRequestError);
  await assert.rejects(ask("sim/quota"), OpenAI.RateLimitError);
  await assert.rejects(ask("sim/reset"), OpenAI.APIConnectionError);
  const stream = await ask("sim/error-event", { stream: true });
  await assert.rejects(async () => {
    for await (const _ of stream);
  }, OpenAI.APIError);
});

await check("retries after 503", async () => {
  const model = "sim/status?status=503&times=2&retry_after_ms=1";
  const answer = await client.chat.completions.create({ model, messages });
  assert(answer.choices[0].message.content);
});

process.exit(failed ? 1 : 0);
