import { Component, computed, inject, input } from "@angular/core";

import type { AwaitedBitsFragment, BuildPageFragment } from "../api/operations";
import { Viewer } from "../core/viewer";
import { Ago } from "../parts/time";
import { Awaited } from "./awaited";

/** What a build, or a stage of it, waits for: accounts, whose they are, and the way to connect one's own in place. */
@Component({
  selector: "alm-held",
  imports: [Awaited, Ago],
  template: `
    <section class="card held" aria-labelledby="held">
      <h2 id="held">{{ mine() ? "It waits for your account" : "It waits for somebody's account" }}</h2>
      <p>
        It goes on by itself when that is connected: nothing has to be started again.
        @if (hold()?.deadline; as end) {
          <span class="hint">If nobody does, it is cancelled <alm-ago [at]="end" />.</span>
        }
      </p>
      <alm-awaited [accounts]="accounts()" />
    </section>
  `,
})
export class Held {
  private readonly viewer = inject(Viewer);

  readonly hold = input<BuildPageFragment["hold"] | null>(null);
  readonly accounts = input.required<readonly AwaitedBitsFragment[]>();

  protected readonly mine = computed(() => this.accounts().some(({ owner }) => this.viewer.is(owner)));
}
