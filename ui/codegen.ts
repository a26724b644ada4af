import type { CodegenConfig } from "@graphql-codegen/cli";

// The operations are those whose replies are kept as fixtures, so that pages, fixtures and the server agree.
const config: CodegenConfig = {
  schema: "../schema.graphql",
  documents: ["../frontend-fixtures/*.graphql", "src/**/*.graphql"],
  generates: {
    "src/app/api/operations.ts": {
      plugins: ["typescript-operations", { "./manifest.mjs": { as: "documents" } }],
      config: {
        enumsAsTypes: true,
        immutableTypes: true,
        useTypeImports: true,
        onlyOperationTypes: true,
        dedupeFragments: true,
        scalars: { DateTime: "string", Duration: "number", Int53: "number", JSON: "unknown", SecretString: "string" },
      },
    },
    "src/app/api/hashes.ts": { plugins: ["./manifest.mjs"], config: { as: "hashes" } },
    "src/app/api/documents.ts": { plugins: ["./manifest.mjs"], config: { as: "texts" } },
    "manifest/documents.json": { plugins: ["./manifest.mjs"], config: { as: "manifest" } },
  },
};
export default config;
