import type { ApprovalBitsFragment, BuildPageFragment, StageBitsFragment } from "../api/operations";
import { isOver } from "../parts/status";
import { length } from "../parts/time";

/** A stretch of time on the timeline, as shares of its whole width. */
export interface Bar {
  readonly kind: "queue" | "approval" | "run";
  readonly status: string;
  readonly from: number;
  readonly width: number;
  readonly title: string;
  readonly attempt: number | null;
}

/** The time that is shown, in milliseconds since 1970. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  /** Where now is, as a share; null once the build is over. */
  readonly now: number | null;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400, 604800].map((seconds) => 1000 * seconds);

/** From the moment that a build was asked for to its end; while it runs, to the end that is expected, or to now. */
export function scale(build: BuildPageFragment, now: number): Scale {
  const from = Date.parse(build.queuedAt);
  const isLive = !isOver(build.status);
  const expected = isLive && build.startedAt && build.expectedDuration ? Date.parse(build.startedAt) + build.expectedDuration : 0;
  const to = Math.max(from + 1000, isLive ? Math.max(now, expected) : Date.parse(build.finishedAt ?? build.queuedAt));
  const step = STEPS.find((one) => (to - from) / one <= 8) ?? (to - from) / 4;
  const ticks = [];
  // The words of a tick stand to its right: none begins where there is no room for them.
  for (let at = 0; at < 0.9 * (to - from); at += step) ticks.push({ at: at / (to - from), text: at === 0 ? "0" : length(at).replace(/ 0 (s|min|h)$/, "").replace(/\.0 s/, " s") });
  return { from, to, now: isLive ? (now - from) / (to - from) : null, ticks };
}

/** A stretch of time, in milliseconds since 1970. */
type Stretch = readonly [from: number, to: number];

/** What a stage did when: waited for its turn, waited for people, ran, once for each attempt. While people are waited for nothing runs. */
export function bars(stage: StageBitsFragment, approvals: readonly ApprovalBitsFragment[], { from, to }: Scale, now: number): readonly Bar[] {
  const found: Bar[] = [];
  const time = (text: string | null | undefined): number | null => (text ? Date.parse(text) : null);
  const add = (kind: Bar["kind"], status: string, start: number, end: number, what: string, attempt: number | null = null): void => {
    const [first, last] = [Math.max(start, from), Math.min(Math.max(end, start), to)];
    if (last < first) return;
    const share = { from: (first - from) / (to - from), width: (last - first) / (to - from) };
    found.push({ kind, status, ...share, title: `${what}: ${length(end - start)}`, attempt });
  };
  const end = time(stage.finishedAt) ?? (isOver(stage.status) ? null : now);
  const begins = time(stage.attempts[0]?.startedAt) ?? time(stage.startedAt);
  const queued = time(stage.queuedAt);
  if (queued !== null && (begins ?? end) !== null && stage.status !== "PLANNED" && stage.status !== "SKIPPED") {
    add("queue", "QUEUED", queued, begins ?? end ?? queued, "Waited for its turn");
  }
  const waited = approvals.flatMap((approval): Stretch[] => {
    const asked = time(approval.requestedAt);
    return approval.stage?.id === stage.id && asked !== null ? [[asked, Math.max(asked, answered(approval, end, now))]] : [];
  });
  const run = (status: string, start: number, stop: number, what: string, attempt: number | null = null): void => {
    for (const [first, last] of without([start, stop], waited)) add("run", status, first, last, what, attempt);
  };
  if (stage.attempts.length === 0 && begins !== null && end !== null) run(stage.status, begins, end, stage.name);
  for (const one of stage.attempts) {
    const start = time(one.startedAt);
    const stop = time(one.finishedAt) ?? (isOver(one.status) ? end : now);
    if (start === null || stop === null) continue;
    const what = stage.attempts.length > 1 ? `${stage.name}, attempt ${one.number}` : stage.name;
    run(one.status, start, stop, what, one.number);
  }
  for (const [asked, until] of waited) add("approval", "WAITING_FOR_APPROVAL", asked, until, "Waited for people");
  return found;
}

/** Until when people were waited for; after a yes alone does anything go on. */
function answered({ status, requestedAt, decisions }: ApprovalBitsFragment, end: number | null, now: number): number {
  if (status === "PENDING" || status === "DELIVERING") return now;
  const said = decisions.map(({ at }) => Date.parse(at));
  return (status === "APPROVED" ? null : end) ?? (said.length > 0 ? Math.max(...said) : (end ?? Date.parse(requestedAt)));
}

/** What is left of a stretch. */
function without(whole: Stretch, gone: readonly Stretch[]): readonly Stretch[] {
  return gone.reduce<readonly Stretch[]>(
    (left, [from, to]) =>
      left.flatMap(([start, stop]): Stretch[] => {
        if (to <= start || from >= stop) return [[start, stop]];
        return [...(from > start ? [[start, from] as const] : []), ...(to < stop ? [[to, stop] as const] : [])];
      }),
    [whole],
  );
}
