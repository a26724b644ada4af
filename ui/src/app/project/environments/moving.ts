import { Component, computed, input, output } from "@angular/core";
import { RouterLink } from "@angular/router";

import type { DeploymentBitsFragment } from "../../api/operations";
import { Approval } from "../../build/approval";
import { Drafts } from "../../build/drafts";
import { Status } from "../../parts/status";
import { Ago } from "../../parts/time";

/** A version on its way: how far it is, whose yes it waits for, and the way to stop it. */
@Component({
  selector: "alm-moving",
  host: { class: "moving" },
  imports: [RouterLink, Status, Ago, Approval],
  providers: [Drafts],
  template: `
    @let it = deployment();
    <p class="beside">
      <alm-status [status]="it.status" />
      <a [routerLink]="['/projects', project(), it.service.slug, 'builds', it.carriedOutBy.number]">{{ it.version }}</a>
      <alm-ago class="hint" [at]="it.requestedAt" />
    </p>
    @if (it.takesBack; as bad) {
      <p class="hint">Takes back {{ bad.version }}.</p>
    }
    @if (it.comment; as words) {
      <p class="hint">“{{ words }}”</p>
    }
    @if (it.statusReason; as why) {
      <p class="hint">{{ why }}</p>
    }
    @if (asked(); as approval) {
      <p class="hint">{{ said() }}</p>
      <alm-approval [approval]="approval" />
    }
    @if (verb(); as may) {
      <button
        type="button"
        class="quiet"
        [disabled]="!may.allowed"
        [attr.aria-describedby]="may.reason ? 'stop-' + it.id : null"
        (click)="stop.emit()"
      >
        Stop<span class="unseen"> bringing {{ it.version }} to {{ it.environment.displayName }}</span>
      </button>
      @if (may.reason; as why) {
        <p class="hint" [id]="'stop-' + it.id">{{ why }}</p>
      }
    }
  `,
})
export class Moving {
  readonly deployment = input.required<DeploymentBitsFragment>();
  /** Short name of the project. */
  readonly project = input.required<string>();
  readonly stop = output();

  /** The question without its reason, which stands above it. */
  protected readonly asked = computed(() => {
    const { approval, comment } = this.deployment();
    if (!approval || (approval.status !== "PENDING" && approval.status !== "DELIVERING")) return null;
    const { message } = approval;
    return comment && message.endsWith(comment) ? { ...approval, message: message.slice(0, -comment.length).trimEnd() } : approval;
  });
  protected readonly said = computed(() => {
    const approval = this.asked();
    if (!approval) return "";
    const yes = approval.decisions.filter((one) => one.verdict === "APPROVE").length;
    return `${yes} of ${approval.required} said yes.`;
  });
  protected readonly verb = computed(() => {
    const verb = this.deployment().actions.find((one) => one.action === "CANCEL_DEPLOYMENT");
    return verb?.reasonCode === "NOT_PERMITTED" ? null : verb;
  });
}
