import { Component, computed, input, output } from "@angular/core";

import type { BuildPageFragment, StageBitsFragment } from "../api/operations";
import { spans } from "../log/ansi";

/** More than these are counted, and not named. */
const MOST = 8;

/** What went wrong, before anything else. */
@Component({
  selector: "alm-failure",
  template: `
    <section class="card failure" aria-labelledby="failure-title">
      <div class="bar">
        <h2 id="failure-title">{{ failure().summary }}</h2>
        @if (stage(); as one) {
          <button type="button" class="quiet" (click)="reveal.emit(one.key)">Show stage {{ one.name }}</button>
        }
        @if (last(); as line) {
          <button type="button" class="quiet" (click)="open.emit(line)">Open at line {{ line }}</button>
        }
      </div>
      @let more = others();
      @if (more.shown.length > 0) {
        <p class="others">
          <span>Failed too:</span>
          @for (one of more.shown; track one.id) {
            <button type="button" class="link" (click)="reveal.emit(one.key)">{{ one.name }}</button>
          }
          @if (more.rest > 0) {
            <span>and {{ more.rest }} more</span>
          }
        </p>
      }
      @if (failure().excerpt.length > 0) {
        <div class="excerpt" role="group" aria-label="The end of its log" tabindex="0"><div>
          @for (line of failure().excerpt; track line.seq) {
            <div class="line">
              <a class="number" tabindex="-1" [href]="'#L' + line.seq" [attr.aria-label]="'Open at line ' + line.seq" (click)="$event.preventDefault(); open.emit(line.seq)">{{ line.seq }}</a>
              <span class="text">@for (span of spans(line.text); track $index) {<span [class]="span.look">{{ span.text }}</span>}</span>
            </div>
          }
        </div></div>
      }
    </section>
  `,
})
export class Failure {
  readonly failure = input.required<NonNullable<BuildPageFragment["failure"]>>();
  readonly stages = input.required<readonly StageBitsFragment[]>();
  /** All that failed, in reading order. */
  readonly failed = input.required<readonly StageBitsFragment[]>();
  readonly open = output<number>();
  /** The key of a stage that somebody wants to see. */
  readonly reveal = output<string>();
  protected readonly spans = spans;
  protected readonly stage = computed(() => this.stages().find((one) => one.id === this.failure().stage?.id));
  protected readonly others = computed(() => {
    const all = this.failed().filter((one) => one.id !== this.failure().stage?.id);
    return { shown: all.slice(0, MOST), rest: Math.max(0, all.length - MOST) };
  });
  /** The line to jump to is the last. */
  protected readonly last = computed(() => this.failure().excerpt.at(-1)?.seq ?? null);
}
