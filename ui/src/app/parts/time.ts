import { Component, computed, inject, input } from "@angular/core";

import { Clock } from "../core/clock";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in milliseconds, in two units at most: `3 h 20 min`. */
export function length(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ${Math.floor((ms % MINUTE) / SECOND)} s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${Math.floor((ms % HOUR) / MINUTE)} min`;
  return `${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / HOUR)} h`;
}

const WORDS = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** How long ago, or until when, in the largest unit that fits. */
export function relative(at: number, now: number): string {
  const passed = at - now;
  const far = Math.abs(passed);
  if (far < 10 * SECOND) return "just now";
  if (far < MINUTE) return WORDS.format(Math.round(passed / SECOND), "second");
  if (far < HOUR) return WORDS.format(Math.round(passed / MINUTE), "minute");
  if (far < DAY) return WORDS.format(Math.round(passed / HOUR), "hour");
  return WORDS.format(Math.round(passed / DAY), "day");
}

/** A time as people say it, with the exact one on hover. */
@Component({
  selector: "alm-ago",
  template: `<time [attr.datetime]="at()" [title]="exact()">{{ text() }}</time>`,
})
export class Ago {
  private readonly clock = inject(Clock);
  readonly at = input.required<string>();
  protected readonly exact = computed(() => new Date(this.at()).toLocaleString());
  protected readonly text = computed(() => relative(Date.parse(this.at()), this.clock.now()));
}

/** How long something took, or has taken so far. */
@Component({ selector: "alm-elapsed", template: `{{ text() }}` })
export class Elapsed {
  private readonly clock = inject(Clock);
  readonly from = input<string | null | undefined>(null);
  readonly to = input<string | null | undefined>(null);
  protected readonly text = computed(() => {
    const from = this.from();
    if (!from) return "";
    const to = this.to();
    return length(Math.max(0, (to ? Date.parse(to) : this.clock.now()) - Date.parse(from)));
  });
}
