import { Component, computed, inject, input } from "@angular/core";

import type { StageBitsFragment } from "../api/operations";
import { Clock } from "../core/clock";
import { length } from "../parts/time";

type Timed = Pick<StageBitsFragment, "kind" | "status" | "startedAt" | "finishedAt" | "duration" | "pausedFor">;

/** For how long a stage was at work, and has waited for people, in milliseconds; null while it has not begun. */
export function spent({ status, startedAt, finishedAt, duration, pausedFor }: Timed, now: number): { readonly worked: number; readonly waited: number } | null {
  if (!startedAt) return null;
  const lasted = Math.max(0, (finishedAt ? Date.parse(finishedAt) : now) - Date.parse(startedAt));
  if (pausedFor == null) return { worked: lasted, waited: 0 };
  // While it waits its time at work stands still, as it was told.
  const isWaiting = status === "WAITING_FOR_APPROVAL" && !finishedAt;
  const waited = Math.min(lasted, isWaiting ? lasted - (duration ?? 0) : pausedFor);
  return { worked: lasted - waited, waited };
}

/** The same for people. In short, it is what the stage did longest: one that waits, or only asks, waits. */
export function spentText(stage: Timed, now: number, brief = false): string {
  const both = spent(stage, now);
  if (!both) return "";
  const waited = `waited ${length(both.waited)}`;
  const onlyAsks = stage.kind === "APPROVAL" && both.waited > 0;
  if (onlyAsks || (brief && stage.status === "WAITING_FOR_APPROVAL" && both.waited > 0)) return waited;
  return both.waited > 0 && !brief ? `${length(both.worked)}, ${waited}` : length(both.worked);
}

/** How long a stage took, or has taken so far: at work, and waiting for people. */
@Component({ selector: "alm-spent", template: `{{ text() }}` })
export class Spent {
  private readonly clock = inject(Clock);
  readonly stage = input.required<StageBitsFragment>();
  readonly brief = input(false);
  protected readonly text = computed(() => spentText(this.stage(), this.clock.now(), this.brief()));
}
