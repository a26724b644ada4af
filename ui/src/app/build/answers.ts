import { Component, computed, input } from "@angular/core";

import type { ApprovalBitsFragment, StageBitsFragment } from "../api/operations";
import { Said } from "./said";

/** What people were asked, and what they have said. */
@Component({
  selector: "alm-answers",
  imports: [Said],
  template: `
    @if (answered().length > 0) {
      <details class="card">
        <summary>Answers: {{ count() }}</summary>
        @for (one of answered(); track one.approval.id) {
          <section class="answer" [attr.aria-label]="one.approval.message">
            <p>
              <strong>{{ one.approval.message }}</strong>
              @if (one.stage) {
                &ngsp;<span class="hint">{{ one.stage }}</span>
              }
            </p>
            <alm-said [approval]="one.approval" />
          </section>
        }
      </details>
    }
  `,
})
export class Answers {
  readonly approvals = input.required<readonly ApprovalBitsFragment[]>();
  readonly stages = input.required<readonly StageBitsFragment[]>();

  protected readonly answered = computed(() =>
    this.approvals()
      .filter(({ decisions }) => decisions.length > 0)
      .map((approval) => ({ approval, stage: this.stages().find(({ id }) => id === approval.stage?.id)?.name })),
  );
  protected readonly count = computed(() => this.answered().reduce((sum, { approval }) => sum + approval.decisions.length, 0));
}
