import { Component, effect, input, signal } from "@angular/core";

import type { BuildPageFragment } from "../api/operations";
import { isOver, look } from "../parts/status";

/** A notification of the browser when the build has ended, for whoever wants one; as long as this page is open. */
@Component({
  selector: "alm-watch",
  template: `
    @if (canAsk && !over()) {
      <button type="button" class="quiet" [attr.aria-pressed]="wanted()" title="A notification of the browser when it has ended, while this page is open" (click)="toggle()">
        {{ wanted() ? "Will notify" : "Notify me" }}
      </button>
      @if (refused()) {
        <span class="hint" role="status">This browser does not allow notifications here.</span>
      }
    }
  `,
})
export class Watch {
  readonly build = input.required<BuildPageFragment>();
  protected readonly canAsk = "Notification" in window;
  protected readonly wanted = signal(false);
  protected readonly refused = signal(false);
  protected readonly over = signal(false);

  constructor() {
    effect(() => {
      const { status, number, service, statusReason } = this.build();
      this.over.set(isOver(status));
      if (!isOver(status) || !this.wanted()) return;
      this.wanted.set(false);
      const told = new Notification(`${service.displayName} #${number}: ${look(status).word}`, { body: statusReason ?? "", tag: this.build().id });
      told.onclick = () => window.focus();
    });
  }

  protected async toggle(): Promise<void> {
    if (this.wanted()) return this.wanted.set(false);
    const isAllowed = (await Notification.requestPermission()) === "granted";
    this.wanted.set(isAllowed);
    this.refused.set(!isAllowed);
  }
}
