"""Round-trips valid instances of each document's schemas through the types of its crate.

The argument is the output folder of corpus.sh, with the generated and compiled crates. json-schema-faker
generates the instances and openapi-schema-validator checks them, independently of this project. Prints a
table of rejected and changed instances. The validator ignores discriminators, so an instance whose
discriminator selects a different alternative is counted as well.
"""

import json
import pathlib
import re
import subprocess
import sys
from datetime import datetime

import openapi_schema_validator as validators
import yaml
from referencing import Registry
from referencing.jsonschema import DRAFT4, DRAFT202012

INSTANCES = 15
FAKER = """
const faker = require('json-schema-faker').default ?? require('json-schema-faker');
let seed = 1;
faker.option({optionalsProbability: 0.6, maxItems: 3, maxLength: 20, ignoreMissingRefs: true, refDepthMax: 4,
  fillProperties: false, failOnInvalidTypes: false, failOnInvalidFormat: false,
  random: () => (seed = seed * 16807 % 2147483647) / 2147483647});
const end = Date.now() + 30000;
const {components} = JSON.parse(require('fs').readFileSync(0));
for (const name of Object.keys(components?.schemas ?? {}))
  for (let n = 0; n < COUNT && Date.now() < end; n++)
    try {
      const value = faker.generate({$ref: '#/components/schemas/' + name, components});
      console.log(JSON.stringify([name, value ?? null]));
    } catch {}
""".replace("COUNT", str(INSTANCES))
PROGRAM = """use std::io::BufRead as _;
fn through<T: serde::Serialize + serde::de::DeserializeOwned>(text: &str) -> serde_json::Result<String> {
    serde_json::to_string(&serde_json::from_str::<T>(text)?)
}
fn main() {
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (name, text) = line.split_once(' ').unwrap();
        let written = match name { %s _ => unreachable!() };
        println!("{}", written.unwrap_or_else(|error| format!("!{error}")));
    }
}
"""


class Loader(yaml.SafeLoader):
    """A YAML loader that reads timestamps as strings."""


Loader.yaml_implicit_resolvers = {
    first: [one for one in some if one[0] != "tag:yaml.org,2002:timestamp"]
    for first, some in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def absolute(schema):
    """Returns the schema with absolute references."""
    if isinstance(schema, dict):
        return {k: "urn:d" + v if k == "$ref" and isinstance(v, str) else absolute(v) for k, v in schema.items()}
    return [absolute(s) for s in schema] if isinstance(schema, list) else schema


def instant(value):
    """Returns a timestamp as a number, and any other value unchanged."""
    try:
        return datetime.fromisoformat(value.upper()).timestamp() if "T" in value.upper() else value
    except (AttributeError, ValueError):
        return value


def differences(read, written, is_documented, place=()):
    """Yields the differences after a round trip. Empty values may be omitted, omitted properties may have
    their defaults, and undocumented properties may be dropped."""
    if isinstance(read, dict) and isinstance(written, dict):
        for name, value in read.items():
            if name in written:
                yield from differences(value, written[name], is_documented, (*place, name))
            elif value not in (None, [], {}) and (path := (*place, name)) and is_documented(path):
                yield path, f"{value!r:.60} was dropped"
    elif isinstance(read, list) and isinstance(written, list) and len(read) == len(written):
        for index, pair in enumerate(zip(read, written)):
            yield from differences(*pair, is_documented, (*place, index))
    elif instant(read) != instant(written) or isinstance(read, bool) != isinstance(written, bool):
        yield place, f"{read!r:.60} became {written!r:.60}"


def with_invalid_value(value, path):
    """Returns a copy with an invalid value at the path."""
    if not path:
        return {"": [None]}
    copy = value.copy()
    copy[path[0]] = with_invalid_value(value[path[0]], path[1:])
    return copy


def check_crate(folder, name, tools):
    document = yaml.load((folder / "documents" / name).read_text(), Loader)
    document = json.loads(json.dumps(document))
    crate = folder / "crates" / name
    source = "".join(f.read_text() for f in crate.glob("src/generated/**/types*.rs"))
    source += "".join(f.read_text() for f in crate.glob("src/generated/types/*s.rs"))
    types = {t.lower(): t for t in re.findall(r"^pub (?:struct|enum) (\w+)(?!\w|<)", source, re.M)}
    library = name.replace("-", "_")
    arms = "".join(f'"{t}" => through::<{library}::types::{t}>(text),' for t in sorted(set(types.values())))
    program = crate / "src/bin" / f"truth_{library}.rs"
    program.parent.mkdir(exist_ok=True)
    program.write_text(PROGRAM % arms)
    run = ["cargo", "run", "--quiet", "--package", name, "--bin", program.stem]

    is_31 = str(document["openapi"]).startswith("3.1")
    resource = (DRAFT202012 if is_31 else DRAFT4).create_resource(document)
    registry = Registry().with_resource("urn:d", resource)
    validator = validators.OAS31Validator if is_31 else validators.OAS30Validator
    # The faker does not terminate for some schemas; use the instances generated before the timeout.
    faker = ["timeout", "60", "node", "-e", FAKER]
    made = subprocess.run(faker, input=json.dumps(document), cwd=tools, capture_output=True, text=True).stdout
    made = made[: made.rfind("\n") + 1]
    tried = []
    for schema, value in map(json.loads, made.splitlines()):
        rust = types.get(re.sub(r"[^A-Za-z0-9]", "", schema).lower())
        whole = validator({"$ref": f"urn:d#/components/schemas/{schema}"}, registry=registry)
        try:
            if rust and value is not None and whole.is_valid(value):
                tried.append((schema, rust, value, whole))
        except Exception:  # unresolved references
            continue
    lines = "".join(f"{rust} {json.dumps(value)}\n" for _, rust, value, _ in tried)
    written = subprocess.run(run, cwd=folder, input=lines, capture_output=True, text=True, check=True).stdout
    failures = []
    for (schema, _, value, whole), back in zip(tried, written.splitlines(), strict=True):
        if back.startswith("!"):
            failures.append(f"{schema}: {back[1:]}")
        else:
            def is_documented(path):
                return not whole.is_valid(with_invalid_value(value, path))

            for path, what in differences(value, json.loads(back), is_documented):
                failures.append(f"{schema}.{'.'.join(map(str, path))}: {what}")
    first = failures[0].replace("|", "/") if failures else ""
    print(f"| {name} | {len({one[0] for one in tried})} | {len(tried)} | {len(failures)} | {first} |", flush=True)


folder, tools = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
print("\n| document | schemas | instances | differences | first difference |\n|---|---|---|---|---|")
for crate in sorted((folder / "crates").iterdir()):
    if not (folder / f"{crate.name}.check").stat().st_size:
        check_crate(folder, crate.name, tools)
