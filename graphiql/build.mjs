// Bundles GraphiQL into `dist`, from where the server embeds it. Everything is served by the server itself: no CDN, and no
// script in the page, so that the strict content policy holds.
import { build } from "esbuild";
import { copyFile, rm } from "node:fs/promises";

const dist = new URL("dist/", import.meta.url).pathname;
const common = { bundle: true, minify: true, target: "es2022", legalComments: "none", logLevel: "warning" };

await rm(dist, { recursive: true, force: true });
await build({
  ...common,
  entryPoints: { graphiql: "src/main.jsx" },
  outdir: dist,
  format: "esm",
  splitting: true,
  // The server has these beside its start page, too.
  external: ["/start/*"],
  jsx: "automatic",
  publicPath: "/graphiql/",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".graphql": "text", ".ttf": "file" },
  define: { "process.env.NODE_ENV": '"production"' },
});
await build({
  ...common,
  entryPoints: {
    "worker-editor": "monaco-editor/esm/vs/editor/editor.worker.js",
    "worker-json": "monaco-editor/esm/vs/language/json/json.worker.js",
    "worker-graphql": "monaco-graphql/esm/graphql.worker.js",
  },
  outdir: dist,
  format: "iife",
  define: { "process.env.NODE_ENV": '"production"' },
});
await copyFile(new URL("src/index.html", import.meta.url), `${dist}index.html`);
