import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const FOLDER = resolve(process.cwd(), "../frontend-fixtures");

/** The `data` of a recorded reply of the server. */
export function reply<T>(name: string): T {
  return (JSON.parse(readFileSync(`${FOLDER}/${name}.json`, "utf8")) as { reply: { data: T } }).reply.data;
}

/** The `data` of the recorded events of a stream, in their order. */
export function events<T>(name: string): T[] {
  const lines = readFileSync(`${FOLDER}/${name}.ndjson`, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => (JSON.parse(line) as { data: T }).data);
}

/** Numbers from 0 to below 1 that are the same for the same seed (mulberry32). */
export function randomly(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** In another order, and some of them twice. */
export function shuffledAndDoubled<T>(all: readonly T[], random: () => number): T[] {
  const doubled = all.flatMap((one) => (random() < 0.3 ? [one, one] : [one]));
  return doubled.map((one) => ({ one, at: random() })).sort((a, b) => a.at - b.at).map(({ one }) => one);
}
