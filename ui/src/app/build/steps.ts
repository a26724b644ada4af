import { Component, computed, inject, input } from "@angular/core";

import type { BuildPageFragment } from "../api/operations";
import { Clock } from "../core/clock";
import { Status, isOver, look } from "../parts/status";
import { Elapsed } from "../parts/time";
import { stepRows } from "./step-rows";

/** What a build without stages is made of, as far as its engine tells: nothing to choose, only to look at. */
@Component({
  selector: "alm-steps",
  imports: [Status, Elapsed],
  template: `
    <section class="card steps" aria-labelledby="steps">
      <h2 id="steps">Steps</h2>
      <ol>
        @for (row of rows(); track $index) {
          <li [title]="row.title" [attr.aria-current]="row.status === 'RUNNING' ? 'step' : null">
            <span class="who">
              <alm-status [status]="row.status" [brief]="true" />
              <span><span class="name">{{ row.step.name }}</span> @if (row.step.group; as group) {<span class="hint">{{ group }}</span>}</span>
            </span>
            <span class="track" aria-hidden="true">
              @if (row.bar; as bar) {
                <span class="bar-of" [attr.data-tone]="tone(row.status)" [style.left.%]="100 * bar.from" [style.width.%]="100 * bar.width"></span>
              }
            </span>
            <span class="long">
              @if (row.step.exitCode) {
                <span class="refused">exit code {{ row.step.exitCode }} · </span>
              }
              @if (row.isShort) {
                &lt; 1 s
              } @else if (row.step.startedAt) {
                <alm-elapsed [from]="row.step.startedAt" [to]="row.step.finishedAt" />
              } @else {
                <span class="hint">time not told</span>
              }
            </span>
          </li>
        }
      </ol>
    </section>
  `,
})
export class Steps {
  private readonly clock = inject(Clock);
  readonly build = input.required<BuildPageFragment>();

  /** The clock is not looked at once nothing moves any more. */
  protected readonly rows = computed(() => stepRows(this.build(), isOver(this.build().status) ? 0 : this.clock.now()));

  protected tone(status: string): string {
    return look(status).tone;
  }
}
