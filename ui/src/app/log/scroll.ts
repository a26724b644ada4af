/** Height of a row that does not wrap, in pixels. */
export const ROW = 20;

/** Browsers end elements at 17.9 million pixels or later; a taller log is scrolled in proportion. */
export const TALLEST = 15_000_000;

/** More rows than this are never in the page. */
export const MOST_ROWS = 180;

/** Height of a row, in pixels: never less than `ROW`. */
export type Heights = (row: number) => number;

/**
 * Where a log is scrolled to is a row and a part of it: 7.5 is the middle of the eighth row. So it means the same whether rows wrap
 * or not, and however far the native scroll bar can go.
 */
export interface View {
  readonly count: number;
  /** Height of what is seen, in pixels. */
  readonly height: number;
  readonly heights: Heights;
}

/** The position that shows the last row at the bottom. */
export function bottom({ count, height, heights }: View): number {
  let left = height;
  for (let row = count - 1; row >= 0; row -= 1) {
    const tall = heights(row);
    if (tall >= left) return row + (tall - left) / tall;
    left -= tall;
  }
  return 0;
}

/** The position so many pixels further down, or up. */
export function moved(view: View, at: number, pixels: number): number {
  const end = bottom(view);
  let row = Math.min(Math.max(0, Math.floor(at)), Math.max(0, view.count - 1));
  let inside = (at - row) * view.heights(row) + pixels;
  while (inside < 0 && row > 0) {
    row -= 1;
    inside += view.heights(row);
  }
  while (inside >= view.heights(row) && row < view.count - 1) {
    inside -= view.heights(row);
    row += 1;
  }
  return Math.min(Math.max(0, row + inside / view.heights(row)), end);
}

/** The rows that are seen from a position on. */
export function seen({ count, height, heights }: View, at: number): { readonly first: number; readonly last: number; readonly hidden: number } {
  const first = Math.min(Math.max(0, Math.floor(at)), Math.max(0, count - 1));
  const hidden = Math.max(0, at - first) * heights(first);
  let last = first;
  for (let filled = heights(first) - hidden; filled < height && last < count - 1 && last - first < MOST_ROWS - 1; ) {
    last += 1;
    filled += heights(last);
  }
  return { first, last: count === 0 ? -1 : last, hidden };
}

/** Height of what stands for the whole log behind the native scroll bar. */
export function tall(count: number): number {
  return Math.min(count * ROW, TALLEST);
}

/** Where the native scroll bar stands for a position, in pixels. */
export function native(view: View, at: number): number {
  const end = bottom(view);
  return end === 0 ? 0 : (at / end) * Math.max(0, tall(view.count) - view.height);
}

/** The position for where somebody has dragged the native scroll bar to. */
export function dragged(view: View, top: number): number {
  const room = Math.max(1, tall(view.count) - view.height);
  return Math.min(1, Math.max(0, top / room)) * bottom(view);
}
