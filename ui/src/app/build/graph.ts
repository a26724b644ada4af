import { Component, ElementRef, Injector, afterNextRender, computed, inject, input, output, signal, viewChild } from "@angular/core";

import type { StageBitsFragment } from "../api/operations";
import { Roving } from "../parts/roving";
import { Status, isBad, look } from "../parts/status";
import { type Fold, drawn, folds } from "./fold";
import { type Box, type Node, layout } from "./layout";
import { Spent, spentText } from "./spent";
import { walk } from "./walk";
import { counted } from "./worst";

const MARGIN = 8;

/** A pipeline as a picture: boxes from left to right, live. */
@Component({
  selector: "alm-graph",
  imports: [Status, Spent],
  templateUrl: "./graph.html",
})
export class Graph {
  readonly stages = input.required<readonly StageBitsFragment[]>();
  readonly chosen = input<string | null>(null);
  readonly choose = output<string>();

  private readonly injector = inject(Injector);
  protected readonly margin = MARGIN;
  private readonly scroller = viewChild.required<ElementRef<HTMLElement>>("scroller");
  private readonly opened = signal<ReadonlySet<string>>(new Set());
  private readonly byId = computed(() => new Map(this.stages().map((stage) => [stage.id, stage])));

  /** What the picture is made of, and nothing of how it stands: a change of status lays out nothing. */
  private readonly shape = computed<readonly Node[]>(() => this.stages(), { equal: isAlike });
  private readonly folds = computed(() => folds(this.shape()));
  private readonly chosenId = computed(() => this.stages().find((stage) => stage.key === this.chosen())?.id ?? null);
  /** Whatever holds the chosen stage is open, and stays so. */
  private readonly held = computed(() => {
    const above = new Set<string>();
    for (let at = this.byId().get(this.chosenId() ?? ""); at && !above.has(at.id); at = this.byId().get(at.parent?.id ?? "")) above.add(at.id);
    return new Set(this.folds().flatMap((fold) => (fold.members.some((id) => above.has(id)) ? [fold.id] : [])));
  }, { equal: isSame });
  private readonly open = computed(() => new Set([...this.opened(), ...this.held()]), { equal: isSame });
  protected readonly closable = computed(() => this.folds().filter((fold) => this.opened().has(fold.id) && !this.held().has(fold.id)));
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

  protected readonly roving = new Roving(() => this.laidOut().boxes.map(({ node }) => node.id), this.chosenId);

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

  /** What was pressed goes away with it: the focus goes on to what comes in its place. */
  protected toggle(fold: Fold): void {
    const isOpen = this.opened().has(fold.id);
    this.opened.update((all) => new Set(isOpen ? [...all].filter((id) => id !== fold.id) : [...all, fold.id]));
    afterNextRender(() => focus(isOpen ? fold.id : fold.members[0]), { injector: this.injector });
  }

  /** Chooses the stage that was pressed, or opens what stands for many; heard for all of them at once. */
  protected act(event: Event): void {
    const node = this.pressed(event)?.node;
    if (!node) return;
    const stage = this.byId().get(node.id);
    if (stage) this.choose.emit(stage.key);
    else if ("members" in node) this.toggle(node);
  }

  protected entered(event: Event): void {
    this.roving.entered(this.pressed(event)?.node.id ?? null);
  }

  protected go(event: KeyboardEvent): void {
    const own = this.pressed(event);
    const to = own && walk(this.laidOut().boxes, own, event.key);
    if (!to) return;
    event.preventDefault();
    focus(to.node.id);
  }

  private pressed({ target }: Event): Box<Node | Fold> | undefined {
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
function facts(stage: StageBitsFragment) {
  const { name, status, environment, attempts, approval, startedAt, finishedAt } = stage;
  const badges = environment ? [`→ ${environment}`] : [];
  const label = [name, look(status).word];
  if (approval?.status === "PENDING") label.push("asks a question, which can be answered where it is chosen");
  if (environment) label.push(`deploys to ${environment}`);
  if (attempts.length > 1) {
    badges.push(`attempt ${attempts.length}`);
    label.push(`attempt ${attempts.length}`);
  }
  const took = finishedAt ? spentText(stage, Date.parse(finishedAt), true) : "";
  return { look: look(status), label: label.join(", "), badges, took, isRunning: !!startedAt && !finishedAt };
}

function focus(id: string | undefined): void {
  document.getElementById(`stage-${id}`)?.focus();
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((id) => b.has(id));
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
