import { Component, computed, inject, input, signal } from "@angular/core";
import { Router } from "@angular/router";

import { type ServiceCardFragment, StartBuildDocument } from "../../api/operations";
import { freshKey } from "../../core/key";
import { Sending } from "../../core/send";
import { Dialogs } from "../../parts/dialog";
import { StartForms } from "./form";
import { type Started, StartDialog, type StartDialogData } from "./start-dialog";

/** Starts a build: at once where there is nothing to ask, else by a form. */
@Component({
  selector: "alm-start",
  providers: [Sending],
  template: `
    @if (shown(); as verb) {
      <span class="bar">
        <button type="button" [disabled]="!verb.allowed" [attr.aria-busy]="busy() || null" [attr.aria-describedby]="verb.reason ? id() : null" (click)="start(false)">
          {{ asking() ? "Reading…" : "Start" }}<span class="unseen">&ngsp;{{ service().displayName }}</span>
        </button>
        <button
          type="button"
          class="quiet"
          [disabled]="!verb.allowed"
          [attr.aria-label]="'Start ' + service().displayName + ' with…'"
          [attr.aria-busy]="busy() || null" [attr.aria-describedby]="verb.reason ? id() : null"
          (click)="start(true)"
        >
          Start with…
        </button>
      </span>
      @if (verb.reason; as why) {
        <p class="hint why" [id]="id()">{{ why }}</p>
      }
    }
    @for (why of sending.at(); track $index) {
      <p role="alert" class="refused">{{ why }}</p>
    }
  `,
})
export class Start {
  private readonly dialogs = inject(Dialogs);
  private readonly forms = inject(StartForms);
  private readonly router = inject(Router);
  protected readonly sending = inject(Sending);

  readonly service = input.required<ServiceCardFragment>();
  /** The project's short name. */
  readonly project = input.required<string>();

  protected readonly asking = signal(false);
  protected readonly busy = computed(() => this.asking() || this.sending.busy());
  private readonly may = computed(() => this.service().actions.find((one) => one.action === "START_BUILD"));
  /** Whoever may never start anything has no buttons: the page says why, once. */
  protected readonly shown = computed(() => (this.may()?.reasonCode === "NOT_PERMITTED" ? undefined : this.may()));
  protected readonly id = computed(() => `${this.service().id}-why`);

  protected async start(asked: boolean): Promise<void> {
    // The button is not disabled meanwhile: the focus would be lost, and has to be there when the dialog closes.
    if (this.busy()) return;
    const service = this.service();
    this.sending.clear();
    this.asking.set(true);
    const form = await this.forms.ask(service.id, null);
    this.asking.set(false);
    if (asked || form.parameters.length > 0 || form.missing.length > 0 || form.trouble) {
      const data = { service, form };
      this.dialogs
        .open<Started, StartDialogData, StartDialog>(StartDialog, `Start ${service.displayName}`, data)
        .subscribe((number) => this.go(number));
      return;
    }
    const input = { serviceId: service.id, idempotencyKey: freshKey() };
    const told = await this.sending.send(StartBuildDocument, { input }, (data) => data.startBuild);
    this.go(told?.build?.number);
  }

  private go(number: Started | undefined): void {
    if (number !== undefined) void this.router.navigate(["/projects", this.project(), this.service().slug, "builds", number]);
  }
}
