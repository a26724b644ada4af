import type { TrendBitsFragment } from "../api/operations";
import { look } from "../parts/status";
import { length } from "../parts/time";

type Stats = TrendBitsFragment["stats"];

/** One build of the chart; heights as shares of the tallest. */
export interface Column {
  readonly number: number;
  readonly status: string;
  readonly tone: string;
  readonly height: number;
  readonly title: string;
}

export interface Chart {
  readonly columns: readonly Column[];
  readonly lines: readonly { readonly name: string; readonly at: number; readonly text: string }[];
  /** The share that succeeded of each build and the nine before it, as points of a line in a square of 100. */
  readonly success: string;
}

/** So many builds are looked at for each point of the line. */
const TOGETHER = 10;
/** As the server counts. */
const GOOD = new Set(["SUCCEEDED", "UNSTABLE"]);

/** Durations as columns, and the share of good builds as a line; those that were cancelled are neither good nor bad. */
export function chart({ bars, medianDuration, p95Duration }: Stats): Chart {
  const all = [...bars].sort((a, b) => a.number - b.number);
  const tallest = Math.max(1, p95Duration ?? 0, ...all.map((bar) => bar.duration ?? 0));
  const columns = all.map(({ number, status, duration }) => ({
    number,
    status,
    tone: look(status).tone,
    height: Math.max(0.02, (duration ?? 0) / tallest),
    title: `#${number}: ${look(status).word}${duration == null ? "" : `, ${length(duration)}`}`,
  }));
  const lines = [
    { name: "half are faster", value: medianDuration },
    { name: "95 of 100 are faster", value: p95Duration },
  ].flatMap(({ name, value }) => (value == null ? [] : [{ name, at: value / tallest, text: length(value) }]));
  const points = all.flatMap(({ status }, index) => {
    const some = all.slice(0, index + 1).filter((one) => one.status !== "CANCELLED").slice(-TOGETHER);
    if (status === "CANCELLED") return [];
    const good = some.filter((one) => GOOD.has(one.status)).length / some.length;
    return [`${((index + 0.5) / all.length) * 100},${(100 - 100 * good).toFixed(1)}`];
  });
  return { columns, lines, success: points.length > 1 ? points.join(" ") : "" };
}
