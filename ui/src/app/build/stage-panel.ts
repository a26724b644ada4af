import { Component, input, output } from "@angular/core";

import type { ApprovalBitsFragment, AwaitedBitsFragment, StageBitsFragment } from "../api/operations";
import { Copy } from "../parts/copy";
import { Status } from "../parts/status";
import { Elapsed } from "../parts/time";
import { Approval } from "./approval";
import { Said } from "./said";
import { Spent } from "./spent";

/** The stage that is chosen: how it stands, its attempts, and what can be done from it. */
@Component({
  selector: "alm-stage-panel",
  imports: [Approval, Copy, Said, Status, Elapsed, Spent],
  template: `
    @let it = stage();
    <section class="card stage-panel" [attr.aria-label]="'Stage ' + it.name">
      <div class="bar">
        <h2>{{ it.name }}</h2>
        <alm-status [status]="it.status" />
        <span class="hint">
          <alm-spent [stage]="it" />
          @if (it.agent) {
            · on {{ it.agent }}
          }
          @if (it.environment) {
            · deploys to {{ it.environment }}
          }
        </span>
        <span class="end">
          @for (action of it.actions; track action.action) {
            @if (action.action === "RERUN_FROM_STAGE") {
              <button type="button" class="quiet" [disabled]="!action.allowed" [attr.aria-describedby]="action.allowed ? null : 'why-rerun-from'" (click)="rerun.emit()">
                Rerun from here
              </button>
              @if (!action.allowed) {
                <span class="hint" id="why-rerun-from">{{ action.reason }}</span>
              }
            }
          }
          <alm-copy [text]="address()" [what]="attempt() === null ? 'the link to this stage' : 'the link to this attempt'" [brief]="true" />
          <button type="button" class="quiet" aria-label="Close the stage" (click)="done.emit()">✕</button>
        </span>
      </div>
      @if (it.statusReason && asked().length === 0) {
        <p>{{ it.statusReason }}</p>
      }
      @for (approval of asked(); track approval.id) {
        <alm-approval [approval]="approval" [accounts]="accounts()" [within]="it.name" />
      }
      @for (one of approvals(); track one.id) {
        <section class="answer" [attr.aria-label]="one.message">
          <p><strong>{{ one.message }}</strong></p>
          <alm-said [approval]="one" />
        </section>
      }
      @if (it.attempts.length > 1) {
        <div class="bar" role="group" aria-label="Attempts">
          @for (one of it.attempts; track one.number) {
            <button type="button" class="quiet small" [attr.aria-pressed]="one.number === attempt()" [title]="one.statusReason ?? ''" (click)="choose.emit(one.number)">
              Attempt {{ one.number }} <alm-status [status]="one.status" [brief]="true" />&ngsp;<alm-elapsed [from]="one.startedAt" [to]="one.finishedAt" />
            </button>
          }
        </div>
      }
    </section>
  `,
})
export class StagePanel {
  readonly stage = input.required<StageBitsFragment>();
  /** What was asked in it, and answered. */
  readonly approvals = input<readonly ApprovalBitsFragment[]>([]);
  /** Of the page as it is, with this stage. */
  readonly address = input.required<string>();
  /** Questions in it that wait for an answer, or for the delivery of one. */
  readonly asked = input<readonly ApprovalBitsFragment[]>([]);
  /** Accounts that something of the build waits for. */
  readonly accounts = input<readonly AwaitedBitsFragment[]>([]);
  readonly attempt = input<number | null>(null);
  readonly choose = output<number>();
  readonly rerun = output();
  readonly done = output();
}
