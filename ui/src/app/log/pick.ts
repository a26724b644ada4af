import type { Chosen } from "./permalink";
import type { Rows } from "./rows";

/** Lines that are chosen, and the one that keys move. */
export interface Picked {
  readonly lines: Chosen;
  readonly head: number;
}

/**
 * What is chosen one row further down, or up: that line alone, or as many more or fewer. Who has chosen nothing, or only what is out of
 * sight, begins with the first line that can be seen; upwards, with the last.
 */
export function stepped(rows: Rows, inSight: { readonly first: number; readonly last: number }, before: Picked | null, by: 1 | -1, isMore: boolean): Picked | null {
  if (rows.count === 0) return null;
  const alone = (row: number): Picked => {
    const seq = rows.seq(Math.min(Math.max(0, row), rows.count - 1));
    return { lines: { from: seq, to: seq }, head: seq };
  };
  const begin = by > 0 ? inSight.first : inSight.last;
  if (!before) return alone(begin);
  const { lines } = before;
  const head = before.head === lines.from || before.head === lines.to ? before.head : by > 0 ? lines.to : lines.from;
  const at = rows.row(head);
  if (at < inSight.first || at > inSight.last) return alone(begin);
  const next = alone(at + by);
  if (!isMore) return next;
  const anchor = head === lines.from ? lines.to : lines.from;
  return { lines: { from: Math.min(anchor, next.head), to: Math.max(anchor, next.head) }, head: next.head };
}
