import { Component, computed, inject, input } from "@angular/core";

import type { BuildPageFragment } from "../api/operations";
import { Connect } from "../credentials/connect";
import { Connections } from "../credentials/connections";
import { works } from "../credentials/urgency";
import { Viewer } from "../core/viewer";
import { Status } from "../parts/status";
import { Ago } from "../parts/time";

/** What a build, or a stage of it, waits for: accounts, whose they are, and the way to connect one's own in place. */
@Component({
  selector: "alm-held",
  imports: [Connect, Status, Ago],
  template: `
    <section class="card held" aria-labelledby="held">
      <h2 id="held">{{ mine() ? "It waits for your account" : "It waits for somebody's account" }}</h2>
      <p>
        It goes on by itself when that is connected: nothing has to be started again.
        @if (hold()?.deadline; as end) {
          <span class="hint">If nobody does, it is cancelled <alm-ago [at]="end" />.</span>
        }
      </p>
      <ul>
        @for (one of shown(); track one.key) {
          <li>
            <strong>{{ one.environment.displayName }}</strong>
            @if (one.connected) {
              <alm-status status="CONNECTED" />
              <span class="wide hint">The build goes on in a moment.</span>
            } @else {
              <span class="wide">
                @if (one.stage; as stage) {
                  The stage {{ stage.name }}:
                }
                {{ one.message }}
              </span>
              @if (one.isMine) {
                <alm-connect [environment]="one.environment" [grant]="one.grant" />
              } @else {
                <span class="hint">{{ one.whose }} has to connect it.</span>
              }
            }
          </li>
        }
      </ul>
    </section>
  `,
})
export class Held {
  private readonly connections = inject(Connections);
  private readonly viewer = inject(Viewer);

  readonly hold = input<BuildPageFragment["hold"] | null>(null);
  readonly accounts = input.required<BuildPageFragment["waitsFor"]>();

  protected readonly shown = computed(() => {
    const me = this.viewer.who()?.user?.id;
    return this.accounts().map(({ environment, owner, stage, message }) => {
      const isMine = owner.__typename === "User" && owner.id === me;
      const grant = isMine ? (this.connections.of(environment.id) ?? null) : null;
      const whose = owner.__typename === "User" ? owner.displayName : "The service itself";
      const key = `${environment.id}:${stage?.id ?? ""}`;
      return { key, environment, stage, message, isMine, grant, whose, connected: grant !== null && works(grant) };
    });
  });
  protected readonly mine = computed(() => this.shown().some((one) => one.isMine));
}
