// Tests `prime-rs mcp` with the official MCP client for Node and with the command line of the MCP inspector.
// The variables PRIME_RS and NODE_PACKAGES are the path of the program and the folder of the packages. The
// environment has the settings of a simulator. The output has one line per check in the format of report.py.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const packages = process.env.NODE_PACKAGES;
const require = createRequire(`${packages}/package.json`);
const load = (path) => import(pathToFileURL(require.resolve(`@modelcontextprotocol/sdk/${path}`)));
const { Client } = await load("client");
const { StdioClientTransport } = await load("client/stdio.js");
const { StreamableHTTPClientTransport } = await load("client/streamableHttp.js");

const MODEL = "meta-llama/llama-3.1-70b-instruct";
const SLOW_MODEL = "openai/gpt-oss-120b";
const SERVER = process.env.PRIME_RS;
const SPEND = ["mcp", "--allow-spend", "--max-usd", "1"];
const names = ["PRIME_API_KEY", "PRIME_API_BASE_URL", "PRIME_INFERENCE_URL", "PATH", "HOME", "SystemRoot"];
const env = Object.fromEntries(names.filter((name) => process.env[name]).map((name) => [name, process.env[name]]));
const chat = { model: MODEL, prompt: "Capital of France?", max_tokens: 20 };

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

const server = spawn(SERVER, [...SPEND, "--listen", "127.0.0.1:0"], { env, stdio: ["ignore", "ignore", "pipe"] });
const url = await new Promise((resolve, reject) => {
  createInterface(server.stderr).on("line", (line) => {
    const found = /http:\S+\/mcp/.exec(line);
    if (found) resolve(found[0]);
  });
  server.on("exit", () => reject(new Error("the server did not start")));
});

const transports = {
  stdio: () => new StdioClientTransport({ command: SERVER, args: SPEND, env, stderr: "ignore" }),
  http: () => new StreamableHTTPClientTransport(new URL(url)),
};

for (const [transport, open] of Object.entries(transports)) {
  const client = new Client({ name: "conformance", version: "1" });
  const call = async (name, args, options) => {
    const result = await client.callTool({ name, arguments: args ?? {} }, undefined, options);
    assert.equal(result.content.length, 1);
    return result.isError ? result.content[0].text : JSON.parse(result.content[0].text);
  };
  const left = async () => Number((await call("settings")).spending.left_usd);

  await check(`${transport}: initialize, and list tools and documents`, async () => {
    await client.connect(open());
    assert.equal(client.getServerVersion().name, "prime-mcp");
    const { tools } = await client.listTools();
    assert.equal(tools.length, 13);
    assert(tools.every((tool) => tool.inputSchema.type === "object"));
    const { resources } = await client.listResources();
    assert.equal(resources.length, 3);
    for (const { uri } of resources) {
      assert((await client.readResource({ uri })).contents[0].text.length > 100);
    }
    await client.ping();
  });

  await check(`${transport}: calls and errors`, async () => {
    const answer = await call("chat", chat);
    assert.equal(answer.text, "The capital of France is Paris.");
    assert(Number(answer.cost_usd) > 0);
    assert((await call("wallet", { sums_by: "resource_type" })).total_rows > 0);
    assert.match(await call("chat", { ...chat, model: "nobody/nothing" }), /does not exist: `models` lists/);
    assert.match(await call("chat", { model: MODEL }), /missing field `prompt`/);
    await assert.rejects(call("run_delete", { run_id: "run_nothing" }), /no tool/);
  });

  await check(`${transport}: progress`, async () => {
    const seen = [];
    const question = { ...chat, prompt: "A long one", max_tokens: 90 };
    await call("chat", question, { onprogress: (progress) => seen.push(progress.progress) });
    assert(seen.length >= 2, `${seen}`);
    assert.deepEqual(seen, [...new Set(seen)].sort((a, b) => a - b));
  });

  await check(`${transport}: a cancelled chat keeps its bound reserved`, async () => {
    const slow = { model: SLOW_MODEL, prompt: "A slow question", max_tokens: 100 };
    const bound = Number((await call("estimate", slow)).at_most_usd);
    const before = await left();
    await assert.rejects(call("chat", slow, { signal: AbortSignal.timeout(700) }));
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert(Math.abs((await left()) - (before - bound)) < 1e-9);
    assert.equal((await call("chat", chat)).text, "The capital of France is Paris.");
  });

  await client.close();
}

const inspector = require.resolve("@modelcontextprotocol/inspector/package.json").replace(/[^/\\]+$/, "");
const bin = require("@modelcontextprotocol/inspector/package.json").bin;
const program = inspector + (typeof bin === "string" ? bin : bin["mcp-inspector"]);
const run = promisify(execFile);

for (const [transport, target] of Object.entries({ stdio: [SERVER, ...SPEND], http: [url] })) {
  const inspect = async (...options) => {
    const settings = transport === "stdio" ? Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]) : [];
    // The target is first, so that its options are not those of the inspector.
    const { stdout } = await run(process.execPath, [program, "--cli", ...settings, ...target, ...options], { timeout: 60_000 });
    return JSON.parse(stdout);
  };

  await check(`${transport}: the inspector lists and calls tools`, async () => {
    const { tools } = await inspect("--method", "tools/list");
    assert.equal(tools.length, 13);
    const result = await inspect("--method", "tools/call", "--tool-name", "models", "--tool-arg", "limit=2");
    assert.equal(JSON.parse(result.content[0].text).models.length, 2);
    const { resources } = await inspect("--method", "resources/list");
    assert.equal(resources.length, 3);
  });
}

server.kill();
process.exit(failed ? 1 : 0);
