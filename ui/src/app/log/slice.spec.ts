import { describe, expect, it } from "vitest";

import type { StageBitsFragment } from "../api/operations";
import { chosen, fragment } from "./permalink";
import { slice } from "./slice";

const stage = (id: string, range: [number, number] | null, more: Partial<StageBitsFragment> = {}) =>
  ({
    id,
    name: id,
    parent: null,
    attempts: [],
    finishedAt: "2026-01-01T00:00:00Z",
    logRange: range && { fromSeq: range[0], toSeq: range[1] },
    ...more,
  }) as unknown as StageBitsFragment;

describe("the part of a log that a stage wrote", () => {
  it("is its span alone where nothing else was written meanwhile", () => {
    const all = [stage("a", [1, 10]), stage("b", [11, 20]), stage("c", null)];
    expect(slice(all, all[1]!, null, true)).toEqual({ stageId: "b", name: "b", from: 11, to: 20, isMixed: false });
  });

  it("is nothing where it wrote nothing, and never what others wrote", () => {
    const all = [stage("a", [1, 10]), stage("b", null), stage("waits", null, { finishedAt: null })];
    expect(slice(all, all[1]!, null, true)).toMatchObject({ name: "b", to: 0, isMixed: false });
    const waits = slice(all, all[2]!, null, false)!;
    expect([waits.from > 10, waits.to]).toEqual([true, null]);
  });

  it("is the whole log of an engine that does not say which stage a line is of", () => {
    const all = [stage("a", null), stage("b", null)];
    expect(slice(all, all[0]!, null, true)).toBeNull();
  });

  it("is mixed where another wrote meanwhile, and open while it runs", () => {
    const all = [stage("a", [1, 10], { finishedAt: null }), stage("b", [5, 20])];
    expect(slice(all, all[0]!, null, false)).toMatchObject({ from: 1, to: null, isMixed: true });
  });

  it("is that of one attempt, where one is chosen", () => {
    const attempts = [
      { number: 1, finishedAt: "x", logRange: { fromSeq: 3, toSeq: 4 } },
      { number: 2, finishedAt: "y", logRange: { fromSeq: 7, toSeq: 9 } },
    ];
    const all = [stage("a", [3, 9], { attempts } as never)];
    expect(slice(all, all[0]!, 2, true)).toMatchObject({ name: "a, attempt 2", from: 7, to: 9 });
  });

  it("is all that was written inside a frame, whatever the order of stages", () => {
    const all = [stage("leaf", [5, 6], { parent: { id: "inner" } }), stage("inner", null, { parent: { id: "frame" } }), stage("frame", null), stage("z", [1, 2])];
    expect(slice(all, all[2]!, null, true)).toMatchObject({ from: 5, to: 6, isMixed: false });
  });
});

describe("an address of lines", () => {
  it("names one or several", () => {
    expect(chosen("L12")).toEqual({ from: 12, to: 12 });
    expect(chosen("L20-L10")).toEqual({ from: 10, to: 20 });
    expect(["L0", "L", "x", "L1-", "L12345678901234567890", null].map(chosen)).toEqual([null, null, null, null, null, null]);
    expect([fragment({ from: 3, to: 3 }), fragment({ from: 3, to: 5 })]).toEqual(["L3", "L3-L5"]);
  });
});
