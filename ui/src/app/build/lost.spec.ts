import { describe, expect, it } from "vitest";

import type { BuildQuery } from "../api/operations";
import { reply } from "../testing/fixtures";
import { lost } from "./lost";

describe("lost", () => {
  const told = reply<BuildQuery>("build.succeeded").build;
  if (!told) throw new Error("no build in the fixture");
  const [first] = told.stages;
  const nothing = { stage: undefined, attempt: undefined, fragment: null };
  const say = (named: Partial<Parameters<typeof lost>[0]>, build = told) => lost({ ...nothing, ...named }, build, told.stages).join(" ");

  it("names what an address asks for and is not there", () => {
    expect(say({ stage: "nothing" })).toContain("no stage “nothing”");
    expect(say({ stage: first?.key, attempt: "9" })).toContain("no attempt 9");
    expect(say({ fragment: "L999999" })).toContain("no line 999,999: the log ends at line");
  });

  it("says nothing of what is there, or may still come", () => {
    expect(say({})).toBe("");
    expect(say({ stage: first?.key, attempt: "1", fragment: "L1" })).toBe("");
    const growing = { ...told, log: { ...told.log, isComplete: false } };
    expect(say({ fragment: "L999999" }, growing)).toBe("");
    expect(lost({ ...nothing, stage: "later" }, { ...told, status: "QUEUED" }, [])).toEqual([]);
  });
});
