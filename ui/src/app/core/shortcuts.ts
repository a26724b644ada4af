import { DestroyRef, Injectable, inject } from "@angular/core";

import { Preferences } from "./preferences";

type Acts = Readonly<Record<string, () => void>>;

/** How long the first of two keys waits for the second, in milliseconds. */
const TOGETHER = 1_000;

/** Keys that act wherever the focus is, but where somebody types. */
@Injectable({ providedIn: "root" })
export class Shortcuts {
  private readonly preferences = inject(Preferences);
  private all: Acts[] = [];
  private first = { key: "", at: 0 };

  constructor() {
    document.addEventListener("keydown", (event) => this.pressed(event));
  }

  /** Adds keys, such as `?` or `g p`, for as long as who adds them is there. */
  add(acts: Acts, until: DestroyRef): void {
    this.all = [acts, ...this.all];
    until.onDestroy(() => {
      this.all = this.all.filter((one) => one !== acts);
    });
  }

  private pressed(event: KeyboardEvent): void {
    if (!this.preferences.shortcuts() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    if (target.closest("input, select, textarea, [contenteditable], [role=dialog], dialog")) return;
    const both = event.timeStamp - this.first.at < TOGETHER ? `${this.first.key} ${event.key}` : event.key;
    this.first = { key: event.key, at: event.timeStamp };
    const act = this.all.map((acts) => acts[both] ?? acts[event.key]).find(Boolean);
    if (!act) return;
    event.preventDefault();
    act();
  }
}

/** Adds keys for as long as the component that calls it is there. */
export function shortcuts(acts: Acts): void {
  inject(Shortcuts).add(acts, inject(DestroyRef));
}
