// Writes the documents that the pages send, each by the SHA-256 of its text: as the manifest for the server (`as: manifest`), and as
// the names that the pages know them by (`as: names`).
import { createHash } from "node:crypto";
import { Kind, print, visit } from "graphql";

export const plugin = (_schema, files, { as }) => {
  const definitions = files.flatMap(({ document }) => document.definitions);
  const fragments = new Map(definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION).map((one) => [one.name.value, one]));
  const documents = definitions
    .filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
    .map((operation) => {
      const text = [operation, ...spread(operation, fragments)].map(print).join("\n\n");
      return { name: operation.name.value, text, hash: createHash("sha256").update(text).digest("hex") };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (as === "manifest") return JSON.stringify(Object.fromEntries(documents.map(({ hash, text }) => [hash, text])), null, 1);
  const lines = documents.map(({ name, hash }) => `  ${name}:\n    "${hash}",\n`);
  return `/** The SHA-256 of each document that the pages send, by the name of its operation. */\n` +
    `export const DOCUMENTS: Readonly<Record<string, string>> = {\n${lines.join("")}};\n`;
};

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
  return found.values();
}
