import { Component, computed, inject, input, output } from "@angular/core";

import type { BuildPageFragment, StageBitsFragment } from "../api/operations";
import { Clock } from "../core/clock";
import { Roving } from "../parts/roving";
import { Status, isOver, look } from "../parts/status";
import { bars, scale } from "./bars";
import { tree } from "./tree";

/** When each stage waited and ran, one bar for each attempt; a line where now is. */
@Component({
  selector: "alm-timeline",
  imports: [Status],
  template: `
    <div class="card timeline" role="group" aria-label="Timeline">
      <ul class="legend" aria-hidden="true">
        <li><span class="bar-of" data-kind="queue"></span> queued</li>
        <li><span class="bar-of" data-kind="approval"></span> waiting for people</li>
        <li><span class="bar-of" data-kind="run"></span> running</li>
      </ul>
      <div class="axis" aria-hidden="true">
        @for (tick of axis().ticks; track tick.at) {
          <span [style.left.%]="100 * tick.at">{{ tick.text }}</span>
        }
      </div>
      <ul class="lanes" (focusin)="roving.entered(named($event))" (focusout)="roving.left($event)" (keydown)="go($event)">
        @for (row of rows(); track row.stage.id) {
          <li>
            <button
              type="button"
              class="lane"
              [id]="'lane-' + row.stage.id"
              [tabindex]="row.stage.id === roving.stop() ? 0 : -1"
              [attr.aria-pressed]="row.stage.key === chosen()"
              [attr.data-chosen]="row.stage.key === chosen() ? '' : null"
              [attr.aria-label]="row.says"
              (click)="choose.emit({ key: row.stage.key, attempt: null })"
            >
              <span class="who" [style.padding-left.rem]="0.9 * (row.level - 1)"><alm-status [status]="row.stage.status" [brief]="true" /><span class="name">{{ row.stage.name }}</span></span>
              <span class="track">
                @for (bar of row.bars; track $index) {
                  <span
                    class="bar-of"
                    [attr.data-kind]="bar.kind"
                    [attr.data-tone]="tone(bar.status)"
                    [title]="bar.title"
                    [style.left.%]="100 * bar.from"
                    [style.width.%]="100 * bar.width"
                    (click)="of($event, row.stage.key, bar.attempt)"
                  ></span>
                }
                @if (axis().now; as now) {
                  <span class="now" [style.left.%]="100 * now"></span>
                }
              </span>
            </button>
          </li>
        }
      </ul>
    </div>
  `,
})
export class Timeline {
  private readonly clock = inject(Clock);

  readonly build = input.required<BuildPageFragment>();
  readonly stages = input.required<readonly StageBitsFragment[]>();
  readonly chosen = input<string | null>(null);
  readonly choose = output<{ readonly key: string; readonly attempt: number | null }>();

  /** Stands still once nothing moves any more. */
  private readonly now = computed(() => (isOver(this.build().status) ? Date.parse(this.build().finishedAt ?? this.build().queuedAt) : this.clock.now()));
  protected readonly axis = computed(() => scale(this.build(), this.now()));
  protected readonly rows = computed(() => {
    const { approvals } = this.build();
    return tree(this.stages(), new Set()).map(({ stage, level }) => {
      const all = bars(stage, approvals, this.axis(), this.now());
      const says = [stage.name, look(stage.status).word, ...all.map((bar) => bar.title)].join(", ");
      return { stage, level, bars: all, says };
    });
  });

  private readonly ids = computed(() => this.rows().map(({ stage }) => stage.id));
  protected readonly roving = new Roving(this.ids, () => this.stages().find(({ key }) => key === this.chosen())?.id ?? null);

  protected named({ target }: Event): string | null {
    return target instanceof Element ? (target.closest(".lane")?.id.slice("lane-".length) ?? null) : null;
  }

  protected go(event: KeyboardEvent): void {
    const ids = this.ids();
    const at = ids.indexOf(this.named(event) ?? "");
    const to = { ArrowUp: ids[at - 1], ArrowDown: ids[at + 1], Home: ids[0], End: ids.at(-1) }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    document.getElementById(`lane-${to}`)?.focus();
  }

  protected tone(status: string): string {
    return look(status).tone;
  }

  protected of(event: Event, key: string, attempt: number | null): void {
    if (attempt === null) return;
    event.stopPropagation();
    this.choose.emit({ key, attempt });
  }
}
