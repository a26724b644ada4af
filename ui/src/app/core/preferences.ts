import { Injectable, effect, signal } from "@angular/core";

const KEY = "alm.preferences";

export type Theme = "system" | "light" | "dark";

/** What a reader has chosen, kept in this browser. */
@Injectable({ providedIn: "root" })
export class Preferences {
  private readonly kept = read();

  readonly theme = signal<Theme>(oneOf(["system", "light", "dark"], this.kept["theme"]));
  /** Keys that act by themselves; whoever dictates or uses a screen reader may want them off. */
  readonly shortcuts = signal(this.kept["shortcuts"] !== false);
  /** Times before the lines of a log. */
  readonly times = signal(this.kept["times"] === true);
  /** Whether long lines of a log go on in the next row. */
  readonly wrap = signal(this.kept["wrap"] === true);

  constructor() {
    effect(() => {
      const theme = this.theme();
      document.documentElement.style.colorScheme = theme === "system" ? "" : theme;
      const chosen = { theme, shortcuts: this.shortcuts(), times: this.times(), wrap: this.wrap() };
      try {
        localStorage.setItem(KEY, JSON.stringify(chosen));
      } catch {
        // Storage may be full or forbidden: the choice then holds for this page.
      }
    });
  }
}

function read(): Record<string, unknown> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function oneOf<T extends string>(all: readonly [T, ...T[]], value: unknown): T {
  return all.find((one) => one === value) ?? all[0];
}
