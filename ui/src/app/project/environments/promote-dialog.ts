import { DIALOG_DATA, DialogRef } from "@angular/cdk/dialog";
import { Component, computed, inject } from "@angular/core";

import { type CellBitsFragment, type EnvironmentBitsFragment, PromoteDocument } from "../../api/operations";
import { Sending } from "../../core/send";
import { Connect } from "../../credentials/connect";
import { Connections } from "../../credentials/connections";
import { works } from "../../credentials/urgency";
import { DialogFrame } from "../../parts/dialog";
import { Status } from "../../parts/status";
import { Ago } from "../../parts/time";
import { Versions } from "./versions";

/** What a promotion is about. */
export interface Promotion {
  readonly service: { readonly id: string; readonly displayName: string };
  readonly cell: CellBitsFragment;
  readonly candidate: NonNullable<CellBitsFragment["candidate"]>;
  readonly environment: EnvironmentBitsFragment;
  /** Where a version has to have run first; null where the order does not count. */
  readonly before: EnvironmentBitsFragment | null;
}

/** Asks whether a version is to be brought to an environment: what comes with it, and what stands before it. */
@Component({
  selector: "alm-promote-dialog",
  imports: [DialogFrame, Connect, Status, Ago, Versions],
  providers: [Sending],
  template: `
    <alm-dialog [refused]="sending.at()">
      <p class="fromto">
        <span class="end">
          <span class="hint">{{ it.cell.current ? "Runs now" : "Now" }}</span>
          @if (it.cell.current; as live) {
            <strong>{{ live.version }}</strong>
            @if (live.activatedAt; as at) {
              <span class="hint">live <alm-ago [at]="at" /></span>
            }
          } @else {
            <strong>nothing</strong>
          }
        </span>
        <span aria-hidden="true" class="arrow">→</span><span class="unseen">is replaced by</span>
        <span class="end">
          <span class="hint">{{ it.before ? "Runs in " + it.before.displayName : "The newest version" }}</span>
          <strong>build #{{ it.candidate.number }}</strong>
          @if (it.candidate.commit; as commit) {
            <span class="hint"><code>{{ commit.sha.slice(0, 8) }}</code> {{ commit.title }}</span>
          }
        </span>
      </p>

      <alm-versions [service]="it.service.id" [above]="it.cell.current?.build?.number ?? null" [upTo]="it.candidate.number" />

      <h3>Before it goes</h3>
      <ul class="plain">
        <li>{{ approvals }}</li>
        @if (it.before; as before) {
          <li>In order: it runs in {{ before.displayName }} already.</li>
        }
        @if (grant(); as account) {
          <li>
            @if (works(account)) {
              Your account <strong>{{ account.account }}</strong> at {{ it.environment.displayName }} is used.
              @if (!account.renewsItself && account.expiresAt; as end) {
                <span [class.warning]="account.status === 'EXPIRING'">It ends <alm-ago [at]="end" />.</span>
              }
            } @else {
              <alm-status [status]="account.status" />
              {{ account.statusReason ?? "Your account at " + it.environment.displayName + " is needed to deploy there." }}
              <alm-connect [environment]="it.environment" [grant]="account" [returnTo]="here" />
            }
          </li>
        }
      </ul>

      <form id="promotion" (submit)="$event.preventDefault(); send(words.value)">
        <label for="promotion-words">{{ it.environment.protection.requiredApprovals > 0 ? "Why, for whoever approves" : "Why" }} (optional)</label>
        <textarea #words id="promotion-words" rows="2" maxlength="1000"></textarea>
      </form>
      <button actions type="submit" form="promotion" [disabled]="sending.busy()">
        {{ waits() ? "Promote, and wait for the account" : "Promote" }}
      </button>
    </alm-dialog>
  `,
})
export class PromoteDialog {
  protected readonly sending = inject(Sending);
  private readonly connections = inject(Connections);
  private readonly ref = inject<DialogRef<readonly CellBitsFragment[]>>(DialogRef);
  protected readonly it = inject<Promotion>(DIALOG_DATA);
  protected readonly works = works;

  /** Where this dialog is open again. */
  protected readonly here = `${location.pathname}?promote=${encodeURIComponent(this.it.cell.key)}`;
  protected readonly grant = computed(() => this.connections.newest(this.it.environment.connection));
  protected readonly waits = computed(() => {
    const grant = this.grant();
    return grant != null && !works(grant);
  });
  protected readonly approvals = approvals(this.it.environment);
  private readonly idempotencyKey = crypto.randomUUID();

  protected async send(words: string): Promise<void> {
    const { candidate, environment } = this.it;
    const comment = words.trim() || null;
    const input = { buildId: candidate.id, environmentId: environment.id, comment, idempotencyKey: this.idempotencyKey };
    const told = await this.sending.tell(PromoteDocument, { input }, (data) => data.promoteBuild);
    // What waits for an account is there all the same, with an error that says so.
    if (told?.deployment) this.ref.close(told.cells ?? []);
  }
}

function approvals({ protection }: EnvironmentBitsFragment): string {
  const needed = protection.requiredApprovals;
  if (needed === 0) return "No approval is needed: it goes at once.";
  const who = protection.selfApproval ? "you may be one of them" : "you cannot approve what you ask for yourself";
  return `${needed} ${needed === 1 ? "person has" : "people have"} to approve it; ${who}.`;
}
