// The examples of GraphiQL against the schema in the file SCHEMA: each one must be valid, and its variables must be JSON that
// names only variables which it has.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { buildSchema, parse, validate } from "graphql";

const schema = buildSchema(await readFile(process.argv[2], "utf8"));
const text = await readFile(new URL("../../graphiql/examples.graphql", import.meta.url), "utf8");
const examples = text.split(/^### .*\n/m).filter((example) => example.trim());
for (const example of examples) {
  const document = parse(example);
  assert.deepEqual(validate(schema, document).map(String), []);
  const known = document.definitions.flatMap(({ variableDefinitions = [] }) => variableDefinitions.map((v) => v.variable.name.value));
  const given = Object.keys(JSON.parse(/^# variables: (.*)$/m.exec(example)?.[1] ?? "{}"));
  assert.deepEqual(given.sort(), known.sort());
}
console.log(`${examples.length} examples, all valid`);
