import { describe, expect, it } from "vitest";

import type { StageBitsFragment } from "../api/operations";
import { spent, spentText } from "./spent";

const at = (seconds: number): string => new Date(1_700_000_000_000 + 1000 * seconds).toISOString();
const now = Date.parse(at(100));
const stage = (more: object): StageBitsFragment =>
  ({ kind: "WORK", status: "SUCCEEDED", startedAt: at(10), finishedAt: at(50), duration: null, pausedFor: null, ...more }) as unknown as StageBitsFragment;

describe("the time of a stage", () => {
  it("is all work where nothing else is told", () => {
    expect(spent(stage({}), now)).toEqual({ worked: 40_000, waited: 0 });
    expect(spent(stage({ startedAt: null }), now)).toBeNull();
    expect(spentText(stage({ startedAt: null }), now)).toBe("");
    expect(spentText(stage({ pausedFor: 0 }), now)).toBe("40 s");
  });

  it("is no work while people are waited for", () => {
    const ended = stage({ duration: 2_000, pausedFor: 38_000 });
    expect(spent(ended, now)).toEqual({ worked: 2_000, waited: 38_000 });
    expect(spentText(ended, now)).toBe("2.0 s, waited 38 s");
    expect(spentText(ended, now, true)).toBe("2.0 s");
    const goesOn = stage({ status: "RUNNING", finishedAt: null, duration: 5_000, pausedFor: 30_000 });
    expect(spent(goesOn, now)).toEqual({ worked: 60_000, waited: 30_000 });
  });

  it("counts on while it waits, from what was told last", () => {
    const waits = stage({ status: "WAITING_FOR_APPROVAL", finishedAt: null, duration: 4_000, pausedFor: 1_000 });
    expect(spent(waits, now)).toEqual({ worked: 4_000, waited: 86_000 });
    expect(spentText(waits, now, true)).toBe("waited 1 min 26 s");
    expect(spentText(stage({ kind: "APPROVAL", duration: 0, pausedFor: 40_000 }), now)).toBe("waited 40 s");
  });
});
