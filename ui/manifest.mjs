// Writes what the pages send: the documents by the SHA-256 of their texts as the manifest for the server (`as: manifest`), both by
// their names for the pages (`as: hashes`, `as: texts`), and what stands for each of them in a request (`as: documents`).
import { createHash } from "node:crypto";
import { Kind, print, visit } from "graphql";

const SUFFIX = { query: "Query", mutation: "Mutation", subscription: "Subscription" };

export const plugin = (_schema, files, { as }) => {
  const definitions = files.flatMap(({ document }) => document.definitions);
  const fragments = new Map(definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION).map((one) => [one.name.value, one]));
  const documents = definitions
    .filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
    .map((operation) => {
      const spreads = spread(operation, fragments);
      const text = [operation, ...spreads].map(print).join("\n\n");
      const hash = createHash("sha256").update(text).digest("hex");
      return { name: operation.name.value, kind: operation.operation, own: print(operation), spreads: spreads.map((one) => one.name.value), text, hash };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (as === "manifest") return JSON.stringify(Object.fromEntries(documents.map(({ hash, text }) => [hash, text])), null, 1);
  if (as === "hashes") return hashes(documents);
  if (as === "texts") return texts(documents, fragments);
  const lines = documents.map(({ name, kind }) => {
    const type = `${name}${SUFFIX[kind]}`;
    return `export const ${name}Document = named<${type}, ${type}Variables>("${kind}", "${name}");\n`;
  });
  return { prepend: [`import { named } from "../core/named";`], content: lines.join("") };
};

// Apart from the texts, which the first questions do not need.
function hashes(documents) {
  const lines = documents.map(({ name, hash }) => `  ${name}: "${hash}",\n`);
  return `/** The SHA-256 of each document that the pages send, by the name of its operation. */\nexport const HASHES: Readonly<Record<string, string>> = {\n${lines.join("")}};\n`;
}

// Each fragment stands there once: written out, the documents are ten times as long.
function texts(documents, fragments) {
  const used = [...new Set(documents.flatMap(({ spreads }) => spreads))].sort();
  const parts = used.map((name) => `  ${name}: ${JSON.stringify(print(fragments.get(name)))},\n`);
  const lines = documents.map(({ name, own, spreads }) => `  ${name}: [${[own, ...spreads].map((one) => JSON.stringify(one)).join(", ")}],\n`);
  return (
    `/** The fragments by their names. */\nexport const FRAGMENTS: Readonly<Record<string, string>> = {\n${parts.join("")}};\n\n` +
    `/** Of each document that the pages send, by the name of its operation: the text, and its fragments in their order. */\n` +
    `export const DOCUMENTS: Readonly<Record<string, readonly [string, ...string[]]>> = {\n${lines.join("")}};\n`
  );
}

// The fragments that stand in it, directly or through others, each once.
function spread(operation, fragments) {
  const found = new Map();
  const walk = (node) =>
    visit(node, {
      FragmentSpread({ name: { value } }) {
        if (found.has(value)) return;
        found.set(value, fragments.get(value));
        walk(fragments.get(value));
      },
    });
  walk(operation);
  return [...found.values()];
}
