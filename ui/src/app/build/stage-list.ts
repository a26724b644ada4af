import { Component, computed, input, output, signal } from "@angular/core";

import type { StageBitsFragment } from "../api/operations";
import { Roving } from "../parts/roving";
import { Status } from "../parts/status";
import { Spent } from "./spent";
import { type Branch, tree } from "./tree";

/** The stages one below another, as a tree; for small screens and for screen readers. */
@Component({
  selector: "alm-stage-list",
  imports: [Status, Spent],
  template: `
    <div class="card scroll">
      <table class="tree" role="treegrid" aria-label="Stages">
        <thead>
          <tr role="row">
            <th role="columnheader" scope="col">Stage</th>
            <th role="columnheader" scope="col">Status</th>
            <th role="columnheader" scope="col" class="number">Time</th>
            <th role="columnheader" scope="col" class="wide-only">Ran on</th>
            <th role="columnheader" scope="col" class="wide-only">Why</th>
          </tr>
        </thead>
        <tbody (focusin)="entered($event)" (focusout)="roving.left($event)" (click)="pressed($event)" (keydown)="key($event)">
          @for (row of rows(); track row.stage.id) {
            <tr
              role="row"
              [id]="'row-' + row.stage.id"
              [attr.aria-level]="row.level"
              [attr.aria-expanded]="row.isFrame ? !closed().has(row.stage.id) : null"
              [attr.aria-selected]="row.stage.key === chosen()"
              [attr.data-chosen]="row.stage.key === chosen() ? '' : null"
              [tabindex]="row.stage.id === roving.stop() ? 0 : -1"
            >
              <td role="gridcell" [style.--level]="row.level - 1"><div class="cell">
                @if (row.isFrame) {
                  <span class="twist" aria-hidden="true">{{ closed().has(row.stage.id) ? "▸" : "▾" }}</span>
                } @else {
                  <span class="twist" aria-hidden="true"></span>
                }
                <bdi class="name">{{ row.stage.name }}</bdi>
                @if (row.stage.environment) {
                  <span class="badge">→ {{ row.stage.environment }}</span>
                }
                @if (row.stage.attempts.length > 1) {
                  <span class="badge">attempt {{ row.stage.attempts.length }}</span>
                }
              </div></td>
              <td role="gridcell"><alm-status [status]="row.stage.status" /></td>
              <td role="gridcell" class="number"><alm-spent [stage]="row.stage" /></td>
              <td role="gridcell" class="wide-only hint">{{ row.stage.agent }}</td>
              <td role="gridcell" class="wide-only hint">{{ row.stage.statusReason }}</td>
            </tr>
          }
        </tbody>
      </table>
    </div>
  `,
})
export class StageList {
  readonly stages = input.required<readonly StageBitsFragment[]>();
  readonly chosen = input<string | null>(null);
  readonly choose = output<string>();

  protected readonly closed = signal<ReadonlySet<string>>(new Set());
  protected readonly rows = computed(() => tree(this.stages(), this.closed()));
  protected readonly roving = new Roving(
    () => this.rows().map(({ stage }) => stage.id),
    () => this.stages().find(({ key }) => key === this.chosen())?.id ?? null,
  );

  protected toggle(id: string): void {
    this.closed.update((all) => {
      const closed = new Set(all);
      if (!closed.delete(id)) closed.add(id);
      return closed;
    });
  }

  // Heard for all rows at once.
  protected entered(event: Event): void {
    this.roving.entered(this.rowOf(event)?.stage.id ?? null);
  }

  protected pressed(event: Event): void {
    const row = this.rowOf(event);
    if (!row) return;
    if (row.isFrame && (event.target as Element).closest(".twist")) this.toggle(row.stage.id);
    else this.choose.emit(row.stage.key);
  }

  private rowOf({ target }: Event): Branch | undefined {
    const id = target instanceof Element ? target.closest("tr")?.id : undefined;
    return this.rows().find((row) => `row-${row.stage.id}` === id);
  }

  protected key(event: KeyboardEvent): void {
    const rows = this.rows();
    const row = this.rowOf(event);
    if (!row) return;
    const index = rows.indexOf(row);
    const isOpen = row.isFrame && !this.closed().has(row.stage.id);
    let to: Branch | undefined;
    switch (event.key) {
      case "ArrowDown":
        to = rows[index + 1];
        break;
      case "ArrowUp":
        to = rows[index - 1];
        break;
      case "Home":
        to = rows[0];
        break;
      case "End":
        to = rows.at(-1);
        break;
      case "ArrowRight":
        if (row.isFrame && !isOpen) this.toggle(row.stage.id);
        else if (isOpen) to = rows[index + 1];
        break;
      case "ArrowLeft":
        if (isOpen) this.toggle(row.stage.id);
        else to = rows.find((one) => one.stage.id === row.stage.parent?.id);
        break;
      case "Enter":
      case " ":
        this.choose.emit(row.stage.key);
        break;
      default:
        return;
    }
    event.preventDefault();
    if (to) document.getElementById(`row-${to.stage.id}`)?.focus();
  }
}
