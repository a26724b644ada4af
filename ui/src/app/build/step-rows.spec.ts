import { describe, expect, it } from "vitest";

import type { BuildQuery } from "../api/operations";
import { reply } from "../testing/fixtures";
import { type Step, stepRows } from "./step-rows";

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 8, 0, second)).toISOString();
const step = (name: string, from: number | null, to: number | null, exitCode: number | null = null): Step => ({
  name, group: null, startedAt: from === null ? null : at(from), finishedAt: to === null ? null : at(to), exitCode,
});
const drawn = (build: Parameters<typeof stepRows>[0], now = 0) =>
  stepRows(build, now).map(({ step: { name }, status, bar }) => [name, status, bar && Math.round(100 * bar.from), bar && Math.round(100 * bar.width)]);

describe("the steps of a build", () => {
  it("stand on one scale, as they were told", () => {
    const build = reply<BuildQuery>("build.plain").build!;
    expect(drawn(build)).toEqual([
      ["FetchGitSource", "SUCCEEDED", 0, 7],
      ["PullBaseImage", "SUCCEEDED", 7, 17],
      ["DockerBuild", "SUCCEEDED", 23, 57],
      ["PushDockerImage", "SUCCEEDED", 80, 20],
    ]);
    expect(stepRows(build, 0).every((row) => row.title.includes(" – ") && !row.isShort)).toBe(true);
    expect(stepRows({ status: "RUNNING", steps: [step("a", 3, 3), step("b", 3, null)] }, Date.parse(at(3))).map((row) => row.isShort)).toEqual([true, false]);
  });

  it("are at work until now, while the build is", () => {
    const steps = [step("fetch", 0, 5, 0), step("build", 5, null)];
    expect(drawn({ status: "RUNNING", steps }, Date.parse(at(20)))).toEqual([
      ["fetch", "SUCCEEDED", 0, 25],
      ["build", "RUNNING", 25, 75],
    ]);
  });

  it("say how they ended only where that is known", () => {
    const steps = [step("fetch", 0, 5), step("test", 5, 9, 2), step("odd", null, null)];
    const states = (status: "RUNNING" | "FAILED" | "SUCCEEDED") => stepRows({ status, steps }, 0).map((row) => row.status);
    expect(states("RUNNING")).toEqual(["ENDED", "FAILED", "BEGUN"]);
    expect(states("FAILED")).toEqual(["ENDED", "FAILED", "ENDED"]);
    expect(states("SUCCEEDED")).toEqual(["SUCCEEDED", "FAILED", "SUCCEEDED"]);
  });

  it("can be drawn whatever an engine tells", () => {
    for (const steps of [[], [step("a", null, null)], [step("a", 3, 3)], [step("a", 9, 3)]]) {
      for (const row of stepRows({ status: "FAILED", steps }, 0)) {
        const [from, width] = [row.bar?.from ?? 0, row.bar?.width ?? 0];
        expect(from >= 0 && width >= 0 && from + width <= 1, JSON.stringify(row)).toBe(true);
      }
    }
  });
});
