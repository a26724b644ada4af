import { Component, computed, inject, input, signal } from "@angular/core";

import type { ConnectionBitsFragment } from "../api/operations";
import { Connections } from "./connections";

/** Sends the person to the sign-in page of an environment, from where they come back to this page. */
@Component({
  selector: "alm-connect",
  // Somebody who comes back by the browser's own button finds the page as it was left.
  host: { class: "connect", "(window:pageshow)": "busy.set(false)" },
  template: `
    <button type="button" [class.quiet]="quiet()" [disabled]="busy()" (click)="go()">
      {{ verb() }}<span class="unseen"> the account at {{ environment().displayName }}</span>
    </button>
    @for (why of refused(); track $index) {
      <span role="alert" class="refused">{{ why }}</span>
    }
  `,
})
export class Connect {
  private readonly connections = inject(Connections);

  readonly environment = input.required<{ readonly id: string; readonly displayName: string }>();
  readonly grant = input<ConnectionBitsFragment | null>(null);
  readonly quiet = input(false);
  /** Where to come back to; this address where it is not said. */
  readonly returnTo = input<string>();

  protected readonly busy = signal(false);
  protected readonly refused = signal<readonly string[]>([]);
  protected readonly verb = computed(() => (this.grant()?.connectedAt ? "Reconnect" : "Connect"));

  protected async go(): Promise<void> {
    this.busy.set(true);
    this.refused.set(await this.connections.connect(this.environment().id, this.returnTo()));
    this.busy.set(this.refused().length === 0);
  }
}
