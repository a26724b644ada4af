import { Component, computed, input, output } from "@angular/core";

import type { StageBitsFragment } from "../api/operations";
import { Status } from "../parts/status";
import { Elapsed } from "../parts/time";

/** The stages one below another, with their depth; for small screens and for screen readers. */
@Component({
  selector: "alm-stage-list",
  imports: [Status, Elapsed],
  template: `
    <ul class="card stages">
      @for (row of rows(); track row.stage.id) {
        <li [style.padding-left.rem]="row.depth * 1.25">
          <button type="button" class="row" [attr.aria-pressed]="row.stage.key === chosen()" (click)="choose.emit(row.stage.key)">
            <alm-status [status]="row.stage.status" /> <span class="name">{{ row.stage.name }}</span>
            <alm-elapsed [from]="row.stage.startedAt" [to]="row.stage.finishedAt" />
            @if (row.stage.statusReason) {
              <span class="hint">{{ row.stage.statusReason }}</span>
            }
          </button>
        </li>
      }
    </ul>
  `,
})
export class StageList {
  readonly stages = input.required<readonly StageBitsFragment[]>();
  readonly chosen = input<string | null>(null);
  readonly choose = output<string>();

  protected readonly rows = computed(() => {
    const stages = this.stages();
    const parents = new Map(stages.map((stage) => [stage.id, stage.parent?.id ?? null]));
    return stages.map((stage) => {
      let depth = 0;
      for (let above = parents.get(stage.id); above && depth < 20; above = parents.get(above)) depth += 1;
      return { stage, depth };
    });
  });
}
