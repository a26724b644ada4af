// After the build: joins the scripts, says which of them the screen at each address needs (`preload.json`), so that the server names
// them with the page and the browser has not to find them one behind the other; and compresses what is sent, once for all.
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { posix } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import ts from "typescript";
import { bundle, closure } from "./bundle.mjs";

const DIST = new URL("dist/", import.meta.url);
const ROUTES = "src/app/app.routes.ts";
const STATS = new URL("browser-stats.json", DIST);
/** Less than this fits into one packet as it is. */
const WORTH_IT = 1024;
/** No screen may need more script than this, gzipped. */
const HEAVIEST = 250 * 1024;

const { outputs } = JSON.parse(await readFile(STATS, "utf8"));
await rm(STATS);
const [first, base] = ["src/main.ts", "src/app/boot.ts"];
const { imports, places } = await bundle(DIST, outputs, { first, base });
// In the order in which they are wanted: what asks the first questions, what every screen needs, and the screen's own.
const routes = screens(ts.createSourceFile(ROUTES, await readFile(new URL(ROUTES, import.meta.url), "utf8"), ts.ScriptTarget.Latest));
const preload = routes.map(({ path, sources }) => ({ path, scripts: [...new Set([first, base, ...sources].flatMap(needs))] }));
if (preload.length === 0) throw new Error(`${ROUTES} has no screens`);
await writeFile(new URL("preload.json", DIST), JSON.stringify(preload));

const weights = new Map();
for (const name of await readdir(DIST)) {
  if (!/\.(js|css)$/.test(name)) continue;
  const plain = await readFile(new URL(name, DIST));
  weights.set(name, gzipSync(plain).length);
  if (plain.length < WORTH_IT) continue;
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  await writeFile(new URL(`${name}.br`, DIST), brotliCompressSync(plain, { params }));
}

for (const { path, scripts } of preload) {
  const weight = scripts.reduce((sum, file) => sum + weights.get(file), 0);
  if (weight > HEAVIEST) throw new Error(`/ui/${path} needs ${Math.round(weight / 1024)} KB of script: load what it does not need at once later`);
}

// The addresses of the screens, and the sources whose components make each of them, in the order in which they are tried.
function screens(file) {
  const found = [];
  const walk = (list, above, from) => {
    for (const route of list.elements) {
      const field = (name) => route.properties.find((one) => one.name?.getText(file) === name)?.initializer;
      const path = posix.join(above, field("path").text);
      const component = field("loadComponent");
      const sources = component ? [...from, source(component)] : from;
      const children = field("children");
      if (children) walk(children, path, sources);
      else if (component && !path.endsWith("**")) found.push({ path: path === "." ? "" : path, sources });
    }
    // Who is sent on needs what is there.
    for (const route of list.elements) {
      const field = (name) => route.properties.find((one) => one.name?.getText(file) === name)?.initializer?.text;
      const there = found.find(({ path }) => path === posix.join(above, field("redirectTo") ?? "."));
      if (field("redirectTo") && there) found.push({ path: posix.join(above, field("path")), sources: there.sources });
    }
  };
  // In `() => import("./build/build").then(…)`, the file that it names.
  const source = (component) => {
    const [, name] = /import\("\.\/([^"]+)"\)/.exec(component.getText(file)) ?? [];
    if (!name) throw new Error(`${ROUTES}: ${component.getText(file)} is no import`);
    return `src/app/${name}.ts`;
  };
  for (const { declarationList } of file.statements.filter(ts.isVariableStatement)) {
    for (const { name, initializer } of declarationList.declarations) {
      if (name.getText(file) === "routes") walk(initializer, "", []);
    }
  }
  return found;
}

// The script that the source is in, and all that it imports at once.
function needs(source) {
  const file = places.get(source);
  if (!file) throw new Error(`nothing was built from ${source}`);
  return [...closure(file, imports)];
}
