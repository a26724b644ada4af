import { describe, expect, it } from "vitest";

import { randomly } from "../testing/fixtures";
import { MOST_ROWS, ROW, TALLEST, bottom, dragged, moved, native, seen, tall } from "./scroll";

const flat = (count: number, height = 500) => ({ count, height, heights: () => ROW });
const wrapped = (count: number, seed: number, height = 500) => {
  const random = randomly(seed);
  const all = Array.from({ length: count }, () => ROW * (1 + Math.floor(random() * 8)));
  return { count, height, heights: (row: number) => all[row] ?? ROW };
};

describe("a log that is scrolled", () => {
  it("reaches the last line of ten millions, by the scroll bar and by its end", () => {
    const view = flat(10_000_000);
    expect(tall(view.count)).toBe(TALLEST);
    expect(seen(view, bottom(view)).last).toBe(9_999_999);
    expect(seen(view, dragged(view, TALLEST - view.height)).last).toBe(9_999_999);
    expect(native(view, bottom(view))).toBe(TALLEST - view.height);
  });

  it("moves by as many pixels as it is told, whatever the rows' heights", () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const view = wrapped(300, seed);
      const pixels = (at: number): number => {
        let sum = (at - Math.floor(at)) * view.heights(Math.floor(at));
        for (let row = 0; row < Math.floor(at); row += 1) sum += view.heights(row);
        return sum;
      };
      const random = randomly(seed);
      let at = 0;
      for (let step = 0; step < 50; step += 1) {
        const by = Math.floor((random() - 0.4) * 900);
        const to = moved(view, at, by);
        const expected = Math.min(Math.max(0, pixels(at) + by), pixels(bottom(view)));
        expect(pixels(to), `seed ${seed}`).toBeCloseTo(expected, 3);
        at = to;
      }
    }
  });

  it("fills what is seen, and no more", () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const view = wrapped(300, seed);
      const { first, last, hidden } = seen(view, randomly(seed)() * bottom(view));
      let filled = -hidden;
      for (let row = first; row <= last; row += 1) filled += view.heights(row);
      expect(filled).toBeGreaterThanOrEqual(view.height - 0.001);
      expect(filled - view.heights(last)).toBeLessThan(view.height);
    }
    const { first, last } = seen(flat(1_000_000, 100_000), 5);
    expect(last - first).toBeLessThan(MOST_ROWS);
  });

  it("is nothing to scroll where all of it is seen", () => {
    expect(bottom(flat(3))).toBe(0);
    expect(seen(flat(3), 0)).toEqual({ first: 0, last: 2, hidden: 0 });
    expect(seen(flat(0), 0).last).toBe(-1);
    expect(moved(flat(0), 0, 100)).toBe(0);
  });
});
