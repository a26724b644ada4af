// Puts the scripts together as they are wanted. Angular makes one of whatever some screens share, so that a screen needs twenty, and
// each costs a request and a module of its own.
import { readFile, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/** What so many others import comes with what every screen needs, unless it brings more than this with it, in bytes. */
const SHARED = 3;
const SMALL = 12 * 1024;

/** Browsers that know this compile all functions while a script arrives, beside the page, and not one by one when they are called. */
const EAGER = "//# allFunctionsCalledOnLoad\n";

/**
 * Bundles what `outputs` (of esbuild's metafile) says that there is in the folder, in its place: `first` begins, and loads `base`, the
 * base of every screen. Gives of each script that is there then those that it imports at once, and of each source that began a script
 * the one that it is in.
 */
export async function bundle(folder, outputs, { first, base }) {
  const built = new Map(Object.entries(outputs).flatMap(([file, { entryPoint }]) => (entryPoint ? [[entryPoint, file]] : [])));
  const start = [first, base].find((source) => !built.has(source));
  if (start) throw new Error(`nothing was built from ${start}`);
  const scripts = Object.keys(outputs).filter((file) => file.endsWith(".js"));
  const imports = new Map(scripts.map((file) => [file, atOnce(outputs[file], outputs)]));

  const begins = closure(built.get(first), imports);
  const common = closure(built.get(base), imports);
  for (const file of scripts) {
    const users = scripts.filter((other) => imports.get(other).includes(file));
    if (outputs[file].entryPoint || users.length < SHARED) continue;
    const more = [...closure(file, imports)].filter((one) => !common.has(one));
    if (more.reduce((sum, one) => sum + outputs[one].bytes, 0) <= SMALL) more.forEach((one) => common.add(one));
  }

  const joined = await rolldown({
    input: { main: `${fileURLToPath(folder)}${built.get(first)}` },
    // Of this server, but not of the pages.
    external: /^\/start\//,
  });
  const name = "[name]-[hash].js";
  const { output } = await joined.generate({
    // What is joined is as small as it can be already.
    minify: { mangle: false, compress: false },
    entryFileNames: name,
    chunkFileNames: ({ name: known }) => name.replace("[name]", known.replace(/-[0-9A-Z]{8}$/, "")),
    codeSplitting: {
      groups: [
        { name: "main", test: (id) => begins.has(basename(id)), priority: 2 },
        { name: "base", test: (id) => common.has(basename(id)), priority: 1 },
      ],
    },
  });
  await joined.close();

  const chunks = output.filter(({ type }) => type === "chunk");
  for (const file of scripts) await rm(new URL(file, folder));
  for (const { fileName, code } of chunks) await writeFile(new URL(fileName, folder), `${EAGER}${code}`);
  const page = new URL("index.html", folder);
  const [{ fileName }] = chunks.filter(({ isEntry }) => isEntry);
  // The server names with the page what its screen needs: what Angular names here is not there any more.
  const text = (await readFile(page, "utf8")).replaceAll(/<link rel="modulepreload"[^>]*>/g, "").replace(built.get(first), fileName);
  await writeFile(page, text);

  const places = new Map(chunks.flatMap(({ fileName: file, moduleIds }) => moduleIds.map((id) => [basename(id), file])));
  return {
    imports: new Map(chunks.map(({ fileName: file, imports: all }) => [file, all])),
    places: new Map([...built].map(([source, file]) => [source, places.get(file)])),
  };
}

/** A script and all that it imports at once, and so on. */
export function closure(file, imports, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const other of imports.get(file) ?? []) closure(other, imports, found);
  return found;
}

function atOnce({ imports }, outputs) {
  return imports.filter(({ path, kind }) => kind === "import-statement" && outputs[path]).map(({ path }) => path);
}
