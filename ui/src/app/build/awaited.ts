import { Component, computed, inject, input } from "@angular/core";

import type { AwaitedBitsFragment } from "../api/operations";
import { Connect } from "../credentials/connect";
import { Connections } from "../credentials/connections";
import { works } from "../credentials/urgency";
import { Viewer } from "../core/viewer";
import { Status } from "../parts/status";

/** Accounts that something waits for: whose they are, what is wrong with them, and the way to connect one's own in place. */
@Component({
  selector: "alm-awaited",
  imports: [Connect, Status],
  template: `
    <ul class="awaited">
      @for (one of shown(); track one.key) {
        <li>
          <strong>{{ one.environment.displayName }}</strong>
          @if (one.connected) {
            <alm-status status="CONNECTED" />
            <span class="wide hint">It goes on in a moment.</span>
          } @else {
            <span class="wide">
              @if (one.stage; as stage) {
                The stage {{ stage.name }}:
              }
              {{ one.message }}
            </span>
            @if (one.isMine) {
              <alm-connect [environment]="one.environment" [grant]="one.grant" [quiet]="quiet()" />
            } @else {
              <span class="hint">{{ one.whose }} has to connect it.</span>
            }
          }
        </li>
      }
    </ul>
  `,
})
export class Awaited {
  private readonly connections = inject(Connections);
  private readonly viewer = inject(Viewer);

  readonly accounts = input.required<readonly AwaitedBitsFragment[]>();
  readonly quiet = input(false);

  protected readonly shown = computed(() => {
    return this.accounts().map(({ environment, owner, stage, approval, message }) => {
      const isMine = this.viewer.is(owner);
      const grant = isMine ? (this.connections.of(environment.id) ?? null) : null;
      const whose = owner.__typename === "User" ? owner.displayName : "The service itself";
      const key = `${environment.id}:${stage?.id ?? approval?.id ?? ""}`;
      return { key, environment, stage, message, isMine, grant, whose, connected: grant !== null && works(grant) };
    });
  });
}
