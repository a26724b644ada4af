import { Component, computed, input } from "@angular/core";

import type { ApprovalBitsFragment, StageBitsFragment } from "../api/operations";
import { actorName } from "../parts/actor";
import { Ago } from "../parts/time";

const WORDS: Readonly<Record<string, { readonly tone: string; readonly text: string }>> = {
  APPROVE: { tone: "succeeded", text: "✓ approved" },
  REJECT: { tone: "failed", text: "✕ rejected" },
};

/** What people were asked, and what they have said. */
@Component({
  selector: "alm-answers",
  imports: [Ago],
  template: `
    @if (given().length > 0) {
      <details class="card">
        <summary>Answers: {{ given().length }}</summary>
        <ul class="plainlist">
          @for (one of given(); track $index) {
            <li class="row">
              <span class="grow">
                {{ one.question }}
                @if (one.stage) {
                  <span class="hint">{{ one.stage }}</span>
                }
              </span>
              <span class="status" [attr.data-tone]="one.look.tone">{{ one.look.text }}</span>
              <span>by <bdi>{{ one.by }}</bdi> <alm-ago class="hint" [at]="one.at" /></span>
              @if (one.comment) {
                <span class="said">“{{ one.comment }}”</span>
              }
            </li>
          }
        </ul>
      </details>
    }
  `,
})
export class Answers {
  readonly approvals = input.required<readonly ApprovalBitsFragment[]>();
  readonly stages = input.required<readonly StageBitsFragment[]>();

  protected readonly given = computed(() =>
    this.approvals().flatMap(({ message, stage, decisions }) =>
      decisions.map(({ actor, verdict, comment, at }) => ({
        question: message,
        stage: this.stages().find(({ id }) => id === stage?.id)?.name,
        look: WORDS[verdict] ?? { tone: "idle", text: verdict.toLowerCase() },
        by: actorName(actor),
        comment,
        at,
      })),
    ),
  );
}
