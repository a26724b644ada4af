import { Component, computed, input, output } from "@angular/core";

import type { StageBitsFragment } from "../api/operations";
import { Status } from "../parts/status";
import { Elapsed } from "../parts/time";
import { layout } from "./layout";

const MARGIN = 8;

/** A pipeline as a picture: boxes from left to right, live. */
@Component({
  selector: "alm-graph",
  imports: [Status, Elapsed],
  template: `
    <div class="graph" role="group" tabindex="0" [attr.aria-label]="says()">
      <div class="canvas" [style.width.px]="picture().width + 2 * margin" [style.height.px]="picture().height + 2 * margin">
        <svg
          aria-hidden="true"
          [attr.width]="picture().width + 2 * margin"
          [attr.height]="picture().height + 2 * margin"
          [attr.viewBox]="-margin + ' ' + -margin + ' ' + (picture().width + 2 * margin) + ' ' + (picture().height + 2 * margin)"
        >
          @for (edge of picture().edges; track edge.id) {
            <path [attr.d]="edge.path" />
          }
        </svg>
        @for (box of picture().boxes; track box.node.id) {
          <button
            type="button"
            class="stage"
            [class.group]="box.isGroup"
            [class.planned]="box.node.status === 'PLANNED'"
            [class.chosen]="box.node.key === chosen()"
            [attr.aria-pressed]="box.node.key === chosen()"
            [style.left.px]="box.x + margin"
            [style.top.px]="box.y + margin"
            [style.width.px]="box.width"
            [style.height.px]="box.height"
            (click)="choose.emit(box.node.key)"
            (keydown)="go($event, box.node)"
            [id]="'stage-' + box.node.id"
          >
            <span class="top"><alm-status [status]="box.node.status" [brief]="true" /><span class="name">{{ box.node.name }}</span></span>
            @if (!box.isGroup) {
              <span class="bottom">
                <alm-elapsed [from]="box.node.startedAt" [to]="box.node.finishedAt" />
                @if (box.node.environment) {
                  <span class="badge">→ {{ box.node.environment }}</span>
                }
                @if (box.node.attempts.length > 1) {
                  <span class="badge">attempt {{ box.node.attempts.length }}</span>
                }
              </span>
            }
          </button>
        }
      </div>
    </div>
  `,
})
export class Graph {
  readonly stages = input.required<readonly StageBitsFragment[]>();
  readonly chosen = input<string | null>(null);
  readonly choose = output<string>();

  protected readonly margin = MARGIN;
  protected readonly picture = computed(() => layout(this.stages()));
  protected readonly says = computed(() => {
    const stages = this.stages();
    const count = (status: string) => stages.filter((stage) => stage.status === status).length;
    const parts = [`${stages.length} stages`];
    if (count("RUNNING")) parts.push(`${count("RUNNING")} running`);
    if (count("FAILED") + count("ERRORED")) parts.push(`${count("FAILED") + count("ERRORED")} failed`);
    return parts.join(", ");
  });

  /** Arrow keys follow dependencies. */
  protected go(event: KeyboardEvent, from: StageBitsFragment): void {
    const stages = this.stages();
    const to =
      event.key === "ArrowLeft"
        ? from.dependsOn[0]?.id
        : event.key === "ArrowRight"
          ? stages.find((stage) => stage.dependsOn.some((one) => one.id === from.id))?.id
          : event.key === "ArrowDown" || event.key === "ArrowUp"
            ? this.beside(from, event.key === "ArrowDown" ? 1 : -1)
            : undefined;
    if (!to) return;
    event.preventDefault();
    document.getElementById(`stage-${to}`)?.focus();
  }

  private beside(from: StageBitsFragment, step: number): string | undefined {
    const boxes = this.picture().boxes;
    const own = boxes.find((box) => box.node.id === from.id);
    const column = boxes.filter((box) => box.x === own?.x).sort((a, b) => a.y - b.y);
    return column[column.findIndex((box) => box.node.id === from.id) + step]?.node.id;
  }
}
