import { describe, expect, it } from "vitest";

import type { ApprovalBitsFragment, BuildPageFragment, StageBitsFragment } from "../api/operations";
import { bars, scale } from "./bars";
import { tree } from "./tree";

const at = (seconds: number): string => new Date(1_700_000_000_000 + 1000 * seconds).toISOString();
const now = Date.parse(at(100));
const build = (more: object): BuildPageFragment => ({ status: "RUNNING", queuedAt: at(0), startedAt: at(0), finishedAt: null, expectedDuration: null, ...more }) as unknown as BuildPageFragment;
const stage = (more: object): StageBitsFragment =>
  ({ id: "s", key: "s", name: "test", status: "SUCCEEDED", queuedAt: at(0), startedAt: at(10), finishedAt: at(50), parent: null, attempts: [], ...more }) as unknown as StageBitsFragment;

describe("the timeline", () => {
  it("goes to now while a build runs, and further where more is expected", () => {
    expect(scale(build({}), now)).toMatchObject({ to: now, now: 1 });
    expect(scale(build({ expectedDuration: 200_000 }), now).now).toBeCloseTo(0.5);
    expect(scale(build({ status: "FAILED", finishedAt: at(40) }), now)).toMatchObject({ to: Date.parse(at(40)), now: null });
    expect(scale(build({}), now).ticks.length).toBeLessThan(10);
  });

  it("has a bar for each attempt, and for what was waited for", () => {
    const attempts = [
      { number: 1, status: "FAILED", startedAt: at(10), finishedAt: at(20) },
      { number: 2, status: "RUNNING", startedAt: at(30), finishedAt: null },
    ];
    const shown = bars(stage({ status: "RUNNING", finishedAt: null, attempts }), [], scale(build({}), now), now);
    expect(shown.map((bar) => [bar.kind, bar.attempt, +bar.from.toFixed(2), +bar.width.toFixed(2)])).toEqual([
      ["queue", null, 0, 0.1],
      ["run", 1, 0.1, 0.1],
      ["run", 2, 0.3, 0.7],
    ]);
  });

  it("shows how long people were waited for, and nothing of what was never reached", () => {
    const approval = { stage: { id: "s" }, status: "APPROVED", requestedAt: at(20), decisions: [{ at: at(60) }] } as unknown as ApprovalBitsFragment;
    const shown = bars(stage({ startedAt: null, finishedAt: at(60) }), [approval], scale(build({}), now), now);
    expect(shown.find((bar) => bar.kind === "approval")).toMatchObject({ from: 0.2, width: 0.4 });
    expect(shown.filter((bar) => bar.kind === "run")).toEqual([]);
    expect(bars(stage({ status: "PLANNED", queuedAt: null, startedAt: null, finishedAt: null }), [], scale(build({}), now), now)).toEqual([]);
  });
});

describe("a stage whose attempt lasts from the question to its end", () => {
  const question = (more: object) => ({ stage: { id: "s" }, requestedAt: at(11), decisions: [], ...more }) as unknown as ApprovalBitsFragment;
  const shown = (status: string, finishedAt: string | null, approval: object) => {
    const attempts = [{ number: 1, status, startedAt: at(10), finishedAt }];
    return bars(stage({ status, finishedAt, attempts }), [question(approval)], scale(build({}), now), now).map((bar) => [bar.kind, +bar.from.toFixed(2), +bar.width.toFixed(2)]);
  };
  const before = [["queue", 0, 0.1], ["run", 0.1, 0.01]];

  it("waits, and does not run, until somebody answers", () => {
    expect(shown("WAITING_FOR_APPROVAL", null, { status: "PENDING" })).toEqual([...before, ["approval", 0.11, 0.89]]);
  });

  it("runs after a yes, and never after a no", () => {
    expect(shown("SUCCEEDED", at(80), { status: "APPROVED", decisions: [{ at: at(60) }] })).toEqual([...before, ["run", 0.6, 0.2], ["approval", 0.11, 0.49]]);
    expect(shown("CANCELLED", at(62), { status: "REJECTED", decisions: [{ at: at(60) }] })).toEqual([...before, ["approval", 0.11, 0.51]]);
    expect(shown("CANCELLED", at(62), { status: "EXPIRED" })).toEqual([...before, ["approval", 0.11, 0.51]]);
  });

  it("keeps all that it ran beside questions of other stages", () => {
    expect(shown("SUCCEEDED", at(50), { stage: { id: "other" }, status: "PENDING" })).toEqual([["queue", 0, 0.1], ["run", 0.1, 0.4]]);
  });
});

describe("the tree of stages", () => {
  const all = [stage({ id: "a" }), stage({ id: "b", parent: { id: "a" } }), stage({ id: "c", parent: { id: "b" } }), stage({ id: "d" })];

  it("leaves out what is inside of what is closed", () => {
    expect(tree(all, new Set()).map((row) => `${row.level}${row.stage.id}`)).toEqual(["1a", "2b", "3c", "1d"]);
    expect(tree(all, new Set(["a"])).map((row) => row.stage.id)).toEqual(["a", "d"]);
  });

  it("comes to an end for parents that go round in a circle", () => {
    expect(tree([stage({ id: "x", parent: { id: "x" } })], new Set())).toEqual([]);
  });
});
