import { describe, expect, it } from "vitest";

import { randomly } from "../testing/fixtures";
import { Cache, type Line, MOST, WINDOW } from "./cache";
import { some, span } from "./rows";

const line = (seq: number, text = `${seq}`): Line => ({ seq, text, at: null, stageId: null, attempt: null, stream: "STDOUT", level: null });
const lines = (from: number, to: number): Line[] => Array.from({ length: to - from + 1 }, (_, index) => line(from + index));

describe("the lines at hand", () => {
  it("are each there once, however the batches overlap", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const random = randomly(seed);
      const cache = new Cache();
      let end = 0;
      while (end < 2_000) {
        const from = Math.max(1, end - Math.floor(random() * 10));
        end = Math.max(end, from + Math.floor(random() * 400));
        cache.put(lines(from, end));
      }
      expect(cache.size).toBe(end);
      expect(cache.get(end)?.seq).toBe(end);
    }
  });

  it("are bounded in number, and those that somebody looks at stay", () => {
    const cache = new Cache();
    for (let at = 0; at < 3 * MOST.windows; at += 1) {
      cache.put(lines(at * WINDOW + 1, (at + 1) * WINDOW));
      expect(cache.get(1)?.seq).toBe(1);
    }
    expect(cache.size).toBe(MOST.windows * WINDOW);
    expect(cache.get(WINDOW + 1)).toBeUndefined();
  });

  it("are bounded in length", () => {
    const cache = new Cache();
    const long = "x".repeat(64 * 1024);
    for (let seq = 1; seq <= 20 * WINDOW; seq += 10) cache.put([line(seq, long)]);
    expect(cache.size * long.length).toBeLessThan(1.2 * MOST.characters);
  });
});

describe("the rows of a log", () => {
  it("are found by line, and lines by row", () => {
    const own = some([3, 4, 9, 20]);
    expect([0, 1, 2, 3].map((row) => own.row(own.seq(row)))).toEqual([0, 1, 2, 3]);
    expect([1, 5, 9, 99].map((seq) => own.row(seq))).toEqual([0, 2, 2, 3]);
    const whole = span(11, 20);
    expect([whole.count, whole.seq(0), whole.row(15), whole.row(1), whole.row(99)]).toEqual([10, 11, 4, 0, 9]);
    expect(span(0, -1).count).toBe(0);
  });
});
