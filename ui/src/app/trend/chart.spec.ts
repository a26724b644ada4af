import { describe, expect, it } from "vitest";

import { chart } from "./chart";

type Status = "SUCCEEDED" | "UNSTABLE" | "FAILED" | "CANCELLED";
const bar = (number: number, status: Status, duration: number | null) => ({ number, status, duration, buildId: `b${number}` });

describe("the trend of a service's builds", () => {
  it("is as tall as its longest build, from the oldest to the newest", () => {
    const bars = [bar(2, "FAILED", 50), bar(1, "SUCCEEDED", 100), bar(3, "SUCCEEDED", null)];
    const { columns, lines, success } = chart({ count: 3, successRate: 2 / 3, medianDuration: 75, p95Duration: 100, bars });
    expect(columns.map((one) => [one.number, one.height])).toEqual([[1, 1], [2, 0.5], [3, 0.02]]);
    expect(lines.map((one) => one.at)).toEqual([0.75, 1]);
    expect(success.split(" ").map((point) => Number(point.split(",")[1]))).toEqual([0, 50, 33.3]);
  });

  it("says nothing of what was cancelled but how long it took", () => {
    const bars = [bar(1, "SUCCEEDED", 100), bar(2, "CANCELLED", 200), bar(3, "UNSTABLE", 100)];
    const { columns, success } = chart({ count: 3, successRate: 1, medianDuration: 100, p95Duration: 100, bars });
    expect(columns.map(({ height }) => height)).toEqual([0.5, 1, 0.5]);
    expect(success.split(" ").map((point) => point.split(",").map(Number.parseFloat))).toEqual([[16.666666666666664, 0], [83.33333333333334, 0]]);
  });

  it("is empty where nothing was built", () => {
    expect(chart({ count: 0, successRate: null, medianDuration: null, p95Duration: null, bars: [] })).toEqual({ columns: [], lines: [], success: "" });
  });
});
