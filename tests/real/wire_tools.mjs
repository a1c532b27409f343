// Runs public tools on pairs of documents and prints which tools find a breaking change.
//
//   node wire_tools.mjs PACKAGES PAIRS
//
// PACKAGES is a folder with the packages in `node_modules`. PAIRS is a JSON file with a list of
// {"name", "old", "new", "old30", "new30"}: the original documents and their OpenAPI 3.0 versions, which two
// of the three tools need. The output has one line per pair: its name, a tab, and the tools, comma-separated.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';

const [packages, pairs] = process.argv.slice(2);
const require = createRequire(path.resolve(packages, 'package.json'));
const { RuleRunner } = require('@useoptic/rulesets-base');
const { BreakingChangesRuleset } = require('@useoptic/standard-rulesets');
const { diff } = require('@useoptic/openapi-utilities');
const { dereferenceOpenApi } = require('@useoptic/openapi-io');
const openapiDiff = require('openapi-diff');
const { apiCompare } = require('api-smart-diff');
const { Converter } = require('@apiture/openapi-down-convert');

const read = (file) => fs.readFileSync(file, 'utf8');
const remember = (make) => {
  const made = new Map();
  return (key) => made.get(key) ?? made.set(key, make(key)).get(key);
};
const resolved = remember(async (file) => (await dereferenceOpenApi(file)).jsonLike);
// `undefined` if the converter rejects the document.
const converted = remember((file) => {
  try {
    return JSON.stringify(new Converter(JSON.parse(read(file))).convert());
  } catch {
    return undefined;
  }
});

const TOOLS = {
  async optic({ old, new: now }) {
    const [fromSpec, toSpec] = [await resolved(old), await resolved(now)];
    const runner = new RuleRunner([new BreakingChangesRuleset({})]);
    const inputs = { context: {}, diffs: diff(fromSpec, toSpec), fromSpec, toSpec };
    return (await runner.runRules(inputs)).some((rule) => !rule.passed && !rule.exempted);
  },
  async 'openapi-diff'({ old30, new30 }) {
    const spec = (location) => ({ content: read(location), location, format: 'openapi3' });
    const result = await openapiDiff.diffSpecs({ sourceSpec: spec(old30), destinationSpec: spec(new30) });
    return result.breakingDifferencesFound;
  },
  async 'api-smart-diff'({ old, new: now }) {
    if (!converted(old) || !converted(now)) return false;
    // The tool modifies its arguments.
    const [before, after] = [JSON.parse(converted(old)), JSON.parse(converted(now))];
    return apiCompare(before, after).diffs.some((one) => one.type === 'breaking');
  },
};

for (const pair of JSON.parse(read(pairs))) {
  const found = [];
  for (const [name, breaks] of Object.entries(TOOLS)) {
    try {
      if (await breaks(pair)) found.push(name);
    } catch (error) {
      console.error(`${pair.name}: ${name}: ${error.message ?? error}`);
    }
  }
  console.log(`${pair.name}\t${found.join(',')}`);
}
