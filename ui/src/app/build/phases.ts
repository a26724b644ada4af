import { Component, computed, input } from "@angular/core";

import type { BuildPageFragment } from "../api/operations";
import { Status, isOver, look } from "../parts/status";
import { Elapsed } from "../parts/time";

/** How far a build without stages is. */
@Component({
  selector: "alm-phases",
  imports: [Status, Elapsed],
  template: `
    <ol class="card phases" aria-label="Phases">
      @for (phase of phases(); track phase.name) {
        <li [attr.aria-current]="phase.isNow ? 'step' : null" [class.ahead]="phase.isAhead">
          <alm-status [status]="phase.status" [brief]="true" /> <span class="name">{{ phase.name }}</span>
          @if (phase.from) {
            <span class="hint"><alm-elapsed [from]="phase.from" [to]="phase.to" /></span>
          }
        </li>
      }
    </ol>
  `,
})
export class Phases {
  readonly build = input.required<BuildPageFragment>();

  protected readonly phases = computed(() => {
    const { status, queuedAt, startedAt, finishedAt } = this.build();
    const over = isOver(status);
    return [
      { name: "Queued", status: startedAt || over ? "SUCCEEDED" : status, from: queuedAt, to: startedAt ?? finishedAt, isNow: !startedAt && !over, isAhead: false },
      { name: "Running", status: over ? (startedAt ? "SUCCEEDED" : "SKIPPED") : startedAt ? status : "PLANNED", from: startedAt, to: finishedAt, isNow: !!startedAt && !over, isAhead: !startedAt },
      { name: over ? look(status).word : "Done", status: over ? status : "PLANNED", from: null, to: null, isNow: over, isAhead: !over },
    ];
  });
}
