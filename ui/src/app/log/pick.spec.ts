import { describe, expect, it } from "vitest";

import { fragment } from "./permalink";
import { type Picked, stepped } from "./pick";
import { some, span } from "./rows";

const inSight = { first: 2, last: 9 };
const says = (picked: Picked | null): string => (picked ? `${fragment(picked.lines)} at ${picked.head}` : "nothing");
const alone = (seq: number): Picked => ({ lines: { from: seq, to: seq }, head: seq });

describe("lines that are chosen by keys", () => {
  it("begin where the reader is", () => {
    const rows = span(1, 100);
    expect(says(stepped(rows, inSight, null, 1, false))).toBe("L3 at 3");
    expect(says(stepped(rows, inSight, null, -1, true))).toBe("L10 at 10");
    expect(says(stepped(rows, inSight, alone(50), 1, true))).toBe("L3 at 3");
    expect(says(stepped(span(1, 0), inSight, null, 1, false))).toBe("nothing");
  });

  it("go on one by one, grow, shrink, and turn over", () => {
    const rows = span(1, 100);
    const go = (from: Picked, keys: string): Picked =>
      [...keys].reduce((at, key) => stepped(rows, inSight, at, key.toLowerCase() === "j" ? 1 : -1, key !== key.toLowerCase())!, from);
    expect(says(go(alone(5), "j"))).toBe("L6 at 6");
    expect(says(go(alone(5), "JJ"))).toBe("L5-L7 at 7");
    expect(says(go(alone(5), "JJK"))).toBe("L5-L6 at 6");
    expect(says(go(alone(5), "JJKKKK"))).toBe("L3-L5 at 3");
    expect(says(go(alone(5), "JJj"))).toBe("L8 at 8");
    expect(says(go({ lines: { from: 4, to: 8 }, head: 0 }, "J"))).toBe("L4-L9 at 9");
    expect(says(go({ lines: { from: 4, to: 8 }, head: 0 }, "K"))).toBe("L3-L8 at 3");
  });

  it("stay at the ends, and leave out what is not shown", () => {
    expect(says(stepped(span(1, 10), { first: 0, last: 9 }, alone(10), 1, false))).toBe("L10 at 10");
    expect(says(stepped(span(1, 10), { first: 0, last: 9 }, alone(1), -1, true))).toBe("L1 at 1");
    expect(says(stepped(some([3, 7, 20]), { first: 0, last: 2 }, alone(7), 1, true))).toBe("L7-L20 at 20");
  });
});
