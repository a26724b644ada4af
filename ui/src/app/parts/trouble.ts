import { Component, input } from "@angular/core";

import type { Reading } from "../core/reading";

/** What a tile could not read, why, and the way to ask again. It stands where the tile would; the others are left alone. */
@Component({
  selector: "alm-trouble",
  template: `
    @if (reading().trouble(); as why) {
      <section class="card trouble" role="alert">
        <p><strong>{{ what() }} could not be read.</strong> {{ why }}</p>
        <button type="button" class="quiet" [attr.aria-disabled]="reading().busy() || null" (click)="reading().busy() || reading().again()">
          {{ reading().busy() ? "Trying…" : "Retry" }}
        </button>
      </section>
    }
  `,
})
export class Trouble {
  /** What it is, as the beginning of a sentence. */
  readonly what = input.required<string>();
  readonly reading = input.required<Pick<Reading, "trouble" | "busy" | "again">>();
}
