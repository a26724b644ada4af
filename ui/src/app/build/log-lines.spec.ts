import { describe, expect, it } from "vitest";

import type { LineBitsFragment } from "../api/operations";
import { randomly } from "../testing/fixtures";
import { MOST, NONE, appended, prepended } from "./log-lines";

const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ seq: from + index, text: `${from + index}` })) as LineBitsFragment[];

describe("the lines of a log", () => {
  it("are each there once, however the batches overlap", () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const random = randomly(seed);
      let known = NONE;
      for (let end = 0; end < 500; ) {
        const from = Math.max(1, end - Math.floor(random() * 10));
        end = Math.max(end, from + Math.floor(random() * 40));
        known = appended(known, lines(from, end));
      }
      const seen = known.lines.map((line) => line.seq);
      expect(seen).toEqual(lines(1, seen.length).map((line) => line.seq));
    }
  });

  it("are bounded: the oldest go first", () => {
    const known = appended(NONE, lines(1, MOST + 10));
    expect(known.lines).toHaveLength(MOST);
    expect(known.lines[0]?.seq).toBe(11);
  });

  it("can be read backwards from where they begin", () => {
    const known = prepended(appended(NONE, lines(501, 600)), lines(1, 510));
    expect(known.lines.map((line) => line.seq)).toEqual(lines(1, 600).map((line) => line.seq));
  });
});
