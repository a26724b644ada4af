import { Component, ElementRef, afterNextRender, computed, input, output, signal, viewChild } from "@angular/core";

import type { StageBitsFragment } from "../api/operations";
import { Status, isBad, look } from "../parts/status";
import { Elapsed, length } from "../parts/time";
import { type Fold, drawn, folds } from "./fold";
import { type Box, type Node, layout } from "./layout";
import { counted } from "./worst";

const MARGIN = 8;

/** A pipeline as a picture: boxes from left to right, live. */
@Component({
  selector: "alm-graph",
  imports: [Status, Elapsed],
  templateUrl: "./graph.html",
})
export class Graph {
  readonly stages = input.required<readonly StageBitsFragment[]>();
  readonly chosen = input<string | null>(null);
  readonly choose = output<string>();

  protected readonly margin = MARGIN;
  private readonly scroller = viewChild.required<ElementRef<HTMLElement>>("scroller");
  private readonly opened = signal<ReadonlySet<string>>(new Set());
  private readonly byId = computed(() => new Map(this.stages().map((stage) => [stage.id, stage])));

  /** What the picture is made of, and nothing of how it stands: a change of status lays out nothing. */
  private readonly shape = computed<readonly Node[]>(() => this.stages(), { equal: isAlike });
  private readonly folds = computed(() => folds(this.shape()));
  /** Whatever holds the chosen stage is open. */
  private readonly open = computed(() => {
    const open = new Set(this.opened());
    const above = new Set<string>();
    const chosen = this.stages().find((stage) => stage.key === this.chosen());
    for (let at = chosen; at && !above.has(at.id); at = this.byId().get(at.parent?.id ?? "")) above.add(at.id);
    for (const fold of this.folds()) if (fold.members.some((id) => above.has(id))) open.add(fold.id);
    return open;
  }, { equal: (a, b) => a.size === b.size && [...a].every((id) => b.has(id)) });
  protected readonly closable = computed(() => this.folds().filter((fold) => this.opened().has(fold.id)));
  private readonly laidOut = computed(() => layout<Node | Fold>(drawn(this.shape(), this.folds().filter((fold) => !this.open().has(fold.id)))));

  protected readonly picture = computed(() => {
    const { boxes, edges, width, height } = this.laidOut();
    const byId = this.byId();
    const stages = [];
    const counts = [];
    for (const box of boxes) {
      const stage = byId.get(box.node.id);
      if (stage) stages.push({ ...box, stage, ...facts(stage) });
      else if ("members" in box.node) counts.push({ ...box, fold: box.node, ...this.counts(box.node) });
    }
    return { stages, counts, edges, width, height };
  });
  protected readonly says = computed(() => {
    const frames = new Set(this.stages().map((stage) => stage.parent?.id));
    const stages = this.stages().filter((stage) => !frames.has(stage.id));
    const parts = counted(stages.map((stage) => stage.status)).map(({ status, count }) => `${count} ${look(status).word.toLowerCase()}`);
    return `${stages.length} ${stages.length === 1 ? "stage" : "stages"}: ${parts.join(", ")}`;
  });

  constructor() {
    afterNextRender(() => this.begin());
  }

  /** What somebody comes for is in sight from the beginning: the chosen stage, else the first that failed. */
  private begin(): void {
    const { boxes } = this.laidOut();
    const stage = (id: string) => this.byId().get(id);
    const failed = ({ node, isGroup }: Box<Node | Fold>): boolean =>
      !isGroup && ("members" in node ? node.members : [node.id]).some((id) => isBad(stage(id)?.status ?? ""));
    const box = boxes.find(({ node }) => stage(node.id)?.key === this.chosen()) ?? boxes.find(failed);
    const view = this.scroller().nativeElement;
    if (!box || (box.x + box.width <= view.clientWidth && box.y + box.height <= view.clientHeight)) return;
    view.scrollTo(box.x + (box.width - view.clientWidth) / 2, box.y + (box.height - view.clientHeight) / 2);
  }

  protected toggle(id: string): void {
    this.opened.update((all) => {
      const open = new Set(all);
      if (!open.delete(id)) open.add(id);
      return open;
    });
  }

  /** Chooses the stage that was pressed, or opens what stands for many; heard for all of them at once. */
  protected act(event: Event): void {
    const node = this.pressed(event)?.node;
    if (!node) return;
    const stage = this.byId().get(node.id);
    if (stage) this.choose.emit(stage.key);
    else this.toggle(node.id);
  }

  /** Arrow keys follow dependencies. */
  protected go(event: KeyboardEvent): void {
    const boxes = this.laidOut().boxes;
    const own = this.pressed(event);
    if (!own) return;
    const from = own.node.id;
    const to =
      event.key === "ArrowLeft"
        ? own.node.dependsOn[0]?.id
        : event.key === "ArrowRight"
          ? boxes.find((box) => box.node.dependsOn.some((one) => one.id === from))?.node.id
          : event.key === "ArrowDown" || event.key === "ArrowUp"
            ? beside(boxes, own, event.key === "ArrowDown" ? 1 : -1)
            : undefined;
    if (!to) return;
    event.preventDefault();
    document.getElementById(`stage-${to}`)?.focus();
  }

  private pressed({ target }: Event): Box<Node> | undefined {
    const id = target instanceof Element ? target.closest(".stage")?.id : undefined;
    return this.laidOut().boxes.find(({ node }) => `stage-${node.id}` === id);
  }

  private counts(fold: Fold): { readonly worst: string; readonly text: string } {
    const all = counted(fold.members.map((id) => this.byId().get(id)?.status ?? "PLANNED"));
    const shown = all.some(({ status }) => isBad(status)) ? all.filter(({ status }) => isBad(status)) : all;
    const text = shown.slice(0, 2).map(({ status, count }) => `${count} ${look(status).word.toLowerCase()}`).join(", ");
    return { worst: all[0]?.status ?? "PLANNED", text };
  }
}

/** What is said of a stage beside its name. */
function facts({ name, status, environment, attempts, startedAt, finishedAt }: StageBitsFragment) {
  const badges = environment ? [`→ ${environment}`] : [];
  const label = [name, look(status).word];
  if (environment) label.push(`deploys to ${environment}`);
  if (attempts.length > 1) {
    badges.push(`attempt ${attempts.length}`);
    label.push(`attempt ${attempts.length}`);
  }
  const took = startedAt && finishedAt ? length(Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt))) : "";
  return { look: look(status), label: label.join(", "), badges, took, isRunning: !!startedAt && !finishedAt };
}

function beside(boxes: readonly Box<Node>[], own: Box<Node>, step: number): string | undefined {
  const column = boxes.filter((box) => box.x === own.x).sort((a, b) => a.y - b.y);
  return column[column.indexOf(own) + step]?.node.id;
}

function isAlike(a: readonly Node[], b: readonly Node[]): boolean {
  const ids = (all: readonly { readonly id: string }[]): string => all.map(({ id }) => id).join();
  return (
    a.length === b.length &&
    a.every((node, index) => {
      const other = b[index];
      return other?.id === node.id && other.parent?.id === node.parent?.id && ids(other.dependsOn) === ids(node.dependsOn);
    })
  );
}
