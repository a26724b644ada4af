import type { LineBitsFragment } from "../api/operations";

/** Most lines that are kept at hand; the oldest go first, and can be fetched again. */
export const MOST = 20_000;

/** A stretch of the log without holes, by line number. */
export interface Lines {
  readonly lines: readonly LineBitsFragment[];
}

export const NONE: Lines = { lines: [] };

/** With lines behind the end. Lines that are known already are told once. */
export function appended(known: Lines, told: readonly LineBitsFragment[]): Lines {
  const last = known.lines.at(-1)?.seq ?? -1;
  const fresh = told.filter((line) => line.seq > last);
  if (fresh.length === 0) return known;
  const lines = [...known.lines, ...fresh];
  return { lines: lines.length > MOST ? lines.slice(-MOST) : lines };
}

/** With lines before the beginning. */
export function prepended(known: Lines, told: readonly LineBitsFragment[]): Lines {
  const first = known.lines[0]?.seq ?? Number.MAX_SAFE_INTEGER;
  const older = told.filter((line) => line.seq < first);
  return older.length === 0 ? known : { lines: [...older, ...known.lines] };
}
