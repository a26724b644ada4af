import { DIALOG_DATA, DialogRef } from "@angular/cdk/dialog";
import { Component, inject } from "@angular/core";

import { type CellBitsFragment, type DeploymentBitsFragment, RollBackDocument } from "../../api/operations";
import { Sending } from "../../core/send";
import { DialogFrame } from "../../parts/dialog";
import { Ago } from "../../parts/time";

/** Asks whether a version is to be taken back, and says which one runs then. */
@Component({
  selector: "alm-roll-back-dialog",
  imports: [DialogFrame, Ago],
  providers: [Sending],
  template: `
    <alm-dialog [refused]="sending.at()">
      <p class="fromto">
        <span class="end">
          <span class="hint">Is taken back</span>
          <strong>{{ it.version }}</strong>
          <span class="hint">{{ it.commit?.title }}</span>
          @if (it.activatedAt; as at) {
            <span class="hint">live <alm-ago [at]="at" /></span>
          }
        </span>
        <span aria-hidden="true" class="arrow">→</span><span class="unseen">is replaced by</span>
        <span class="end">
          <span class="hint">Returns</span>
          <strong>{{ it.returnsTo?.version }}</strong>
          <span class="hint">{{ it.returnsTo?.commit?.title }}</span>
          @if (it.returnsTo?.activatedAt; as at) {
            <span class="hint">was live <alm-ago [at]="at" /></span>
          }
        </span>
      </p>
      <p class="hint">
        The stages that deploy to {{ it.environment.displayName }} run again for that version. {{ it.version }} counts as taken back:
        where the order counts, it goes no further from here.
      </p>
      <form id="rollback" (submit)="$event.preventDefault(); send(words.value)">
        <label for="rollback-words">Why (optional)</label>
        <textarea #words id="rollback-words" rows="2" maxlength="1000"></textarea>
      </form>
      <button actions type="submit" class="danger" form="rollback" [disabled]="sending.busy()">Roll back</button>
    </alm-dialog>
  `,
})
export class RollBackDialog {
  protected readonly sending = inject(Sending);
  private readonly ref = inject<DialogRef<readonly CellBitsFragment[]>>(DialogRef);
  protected readonly it = inject<DeploymentBitsFragment>(DIALOG_DATA);
  private readonly idempotencyKey = crypto.randomUUID();

  protected async send(words: string): Promise<void> {
    const input = { deploymentId: this.it.id, reason: words.trim() || null, idempotencyKey: this.idempotencyKey };
    const told = await this.sending.tell(RollBackDocument, { input }, (data) => data.rollBackDeployment);
    if (told?.deployment) this.ref.close(told.cells ?? []);
  }
}
