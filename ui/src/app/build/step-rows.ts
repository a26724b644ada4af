import type { BuildPageFragment } from "../api/operations";
import { isOver } from "../parts/status";

export type Step = BuildPageFragment["steps"][number];

/** A step as it is drawn: its stretch of time as shares of the whole width, where it is known. */
export interface StepRow {
  readonly step: Step;
  readonly status: string;
  readonly bar: { readonly from: number; readonly width: number } | null;
  readonly title: string;
  /** Whether it took no time that its engine, which may know nothing finer than seconds, could tell. */
  readonly isShort: boolean;
}

/** The steps of a build, on one scale from the beginning of the first to the end of the last, or to now. */
export function stepRows(build: Pick<BuildPageFragment, "steps" | "status">, now: number): readonly StepRow[] {
  const ends = (step: Step): number => (step.finishedAt ? Date.parse(step.finishedAt) : now);
  const timed = build.steps.filter((step) => step.startedAt);
  const from = Math.min(...timed.map((step) => Date.parse(step.startedAt!)));
  const whole = Math.max(1, Math.max(...timed.map(ends)) - from);
  return build.steps.map((step) => {
    const status = statusOf(step, build.status);
    if (!step.startedAt) return { step, status, bar: null, title: "", isShort: false };
    const began = Date.parse(step.startedAt);
    const exact = (at: number): string => new Date(at).toLocaleString();
    const bar = { from: (began - from) / whole, width: Math.max(0, ends(step) - began) / whole };
    const isShort = !!step.finishedAt && ends(step) <= began;
    return { step, status, bar, isShort, title: step.finishedAt ? `${exact(began)} – ${exact(ends(step))}` : `since ${exact(began)}` };
  });
}

/** An engine that does not say how a step ended is not asked to: only where all went well, each of its steps did. */
function statusOf(step: Step, build: string): string {
  if (step.startedAt && !step.finishedAt) return "RUNNING";
  if (typeof step.exitCode === "number") return step.exitCode === 0 ? "SUCCEEDED" : "FAILED";
  if (build === "SUCCEEDED") return "SUCCEEDED";
  return step.finishedAt || isOver(build) ? "ENDED" : "BEGUN";
}
