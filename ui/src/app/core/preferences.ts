import { Injectable, effect, signal } from "@angular/core";

import { type Theme, dress, keep, kept, themeOf } from "./kept";

/** What a reader has chosen, kept in this browser. */
@Injectable({ providedIn: "root" })
export class Preferences {
  private readonly kept = kept();

  readonly theme = signal<Theme>(themeOf(this.kept));
  /** Keys that act by themselves; whoever dictates or uses a screen reader may want them off. */
  readonly shortcuts = signal(this.kept["shortcuts"] !== false);
  /** Times before the lines of a log. */
  readonly times = signal(this.kept["times"] === true);
  /** Whether long lines of a log go on in the next row. */
  readonly wrap = signal(this.kept["wrap"] === true);

  constructor() {
    effect(() => {
      const theme = this.theme();
      dress(theme);
      keep({ theme, shortcuts: this.shortcuts(), times: this.times(), wrap: this.wrap() });
    });
  }
}
