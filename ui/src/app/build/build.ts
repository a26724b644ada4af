import { Location } from "@angular/common";
import { Component, DestroyRef, ElementRef, afterRenderEffect, computed, effect, inject, input, linkedSignal, signal, untracked } from "@angular/core";
import { toSignal } from "@angular/core/rxjs-interop";
import { ActivatedRoute, Router, RouterLink } from "@angular/router";
import type { Subscription } from "rxjs";

import { BuildDocument, BuildLiveDocument, CancelBuildDocument, RerunBuildDocument } from "../api/operations";
import { Clock } from "../core/clock";
import { Connect } from "../credentials/connect";
import { works } from "../credentials/urgency";
import { Follow } from "../core/follow";
import { Reading } from "../core/reading";
import { Sending } from "../core/send";
import { shortcuts } from "../core/shortcuts";
import { Tab } from "../core/tab";
import { Viewer } from "../core/viewer";
import { LogPane } from "../log/log-pane";
import { slice } from "../log/slice";
import { Copy } from "../parts/copy";
import { Missing } from "../parts/missing";
import { Status, isBad, isOver } from "../parts/status";
import { Ago, Elapsed, length } from "../parts/time";
import { Trouble } from "../parts/trouble";
import { webAddress } from "../parts/web-address";
import { Answers } from "./answers";
import { Approval } from "./approval";
import { Artifacts } from "./artifacts";
import { type BuildState, begun, folded } from "./build-state";
import { cause } from "./cause";
import { WhereDeployed } from "./deployed";
import { Drafts } from "./drafts";
import { Failure } from "./failure";
import { Graph } from "./graph";
import { Held } from "./held";
import { lost } from "./lost";
import { Outputs } from "./outputs";
import { Phases } from "./phases";
import { StageList } from "./stage-list";
import { StagePanel } from "./stage-panel";
import { Steps } from "./steps";
import { Timeline } from "./timeline";
import { tree } from "./tree";
import { Watch } from "./watch";

const VIEWS = [
  { view: "graph", text: "Graph" },
  { view: "timeline", text: "Timeline" },
  { view: "list", text: "List" },
] as const;
type View = (typeof VIEWS)[number]["view"];

@Component({
  selector: "alm-build",
  imports: [
    RouterLink, Status, Ago, Connect, Copy, Elapsed, Answers, Approval, Artifacts, Outputs, WhereDeployed, Failure, Graph, Held, LogPane, Phases, StageList, StagePanel, Steps, Timeline, Trouble, Watch, Missing,
  ],
  providers: [Drafts, Sending],
  templateUrl: "./build.html",
})
export class Build {
  protected readonly sending = inject(Sending);
  private readonly follow = inject(Follow);
  private readonly viewer = inject(Viewer);
  private readonly clock = inject(Clock);
  private readonly router = inject(Router);
  private readonly location = inject(Location);
  private readonly route = inject(ActivatedRoute);
  private readonly tab = inject(Tab);
  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef);
  protected readonly reading = new Reading();
  private readonly fragment = toSignal(this.route.fragment);
  private live: Subscription | undefined;

  /** From the address. */
  readonly project = input.required<string>();
  readonly service = input.required<string>();
  readonly number = input.required<string>();
  /** Key of the chosen stage and number of the chosen attempt, in the address. */
  readonly stage = input<string>();
  readonly attempt = input<string>();
  /** One of the views, in the address. */
  readonly view = input<string>();

  protected readonly views = VIEWS;
  protected readonly verbs = [
    { action: "CANCEL_BUILD", text: "Cancel", look: "danger" },
    { action: "RERUN_BUILD", text: "Rerun", look: "quiet" },
  ] as const;
  protected readonly state = signal<BuildState | null>(null);
  protected readonly gone = signal(false);
  private readonly isNarrow = signal(false);
  /** At once when somebody picks one; the address follows. */
  private readonly picked = linkedSignal(() => this.view());
  /** Key of a stage that somebody wants to be led to. */
  private readonly sought = signal<string | null>(null);

  protected readonly isOver = computed(() => isOver(this.state()?.build.status ?? ""));
  /** Whether it is not known yet of which stages it will be. */
  protected readonly isShapeless = computed(() => this.state()?.build.shape === "UNKNOWN" && this.state()?.stages.length === 0 && !this.isOver());
  protected readonly cause = computed(() => cause(this.state()?.build.trigger));
  /** The picture, unless the address says otherwise; on small screens the list. */
  protected readonly shown = computed<View>(() => VIEWS.find(({ view }) => view === this.picked())?.view ?? (this.isNarrow() ? "list" : "graph"));
  protected readonly pending = computed(
    () => this.state()?.build.approvals.filter((one) => one.status === "PENDING" || one.status === "DELIVERING") ?? [],
  );
  /** What the chosen stage asks. */
  protected readonly asked = computed(() => this.pending().filter((one) => one.stage?.id === this.chosen()?.id));
  /** What the build itself waits for; what an answer waits for stands at its question. */
  protected readonly held = computed(() => this.state()?.build.waitsFor.filter((one) => !one.approval) ?? []);
  /** The reader's own accounts without which the build cannot be followed: of whoever started it, or, where the cluster did, of anybody who may start builds. */
  protected readonly blind = computed(() => {
    const build = this.state()?.build;
    if (build?.degradedReasonCode !== "CREDENTIAL") return [];
    const isOurs = build.trigger.kind === "EXTERNAL" ? this.may("RERUN_BUILD")?.reasonCode !== "NOT_PERMITTED" : this.viewer.is(build.trigger.actor);
    if (!isOurs) return [];
    const here = this.viewer.connections().filter(({ environment }) => environment.project.id === build.project.id && environment.role === "BUILD");
    return here.filter((grant) => !works(grant));
  });
  /** What the address names, and is not there. */
  protected readonly lost = computed(() => {
    const state = this.state();
    return state ? lost({ stage: this.stage(), attempt: this.attempt(), fragment: this.fragment() }, state.build, state.stages) : [];
  });
  protected readonly chosen = computed(() => this.state()?.stages.find((stage) => stage.key === this.stage()) ?? null);
  /** What was asked in the chosen stage, and answered. */
  protected readonly answered = computed(
    () =>
      this.state()?.build.approvals.filter((one) => one.stage?.id === this.chosen()?.id && one.decisions.length > 0 && !this.pending().includes(one)) ?? [],
  );
  /** What failed, in reading order. */
  protected readonly failures = computed(() =>
    tree(this.state()?.stages ?? [], new Set()).flatMap(({ stage, isFrame }) => (isBad(stage.status) && !isFrame ? [stage] : [])),
  );
  protected readonly tried = computed(() => {
    const wanted = Number(this.attempt());
    return this.chosen()?.attempts.some((one) => one.number === wanted) ? wanted : null;
  });
  /** Of the chosen stage, and of the attempt at it. */
  protected readonly address = computed(() => {
    const [key, attempt] = [this.chosen()?.key, this.tried()];
    const tree = this.router.createUrlTree([], { relativeTo: this.route, queryParams: { stage: key, ...(attempt === null ? {} : { attempt }) } });
    return location.origin + this.location.prepareExternalUrl(this.router.serializeUrl(tree));
  });
  protected readonly part = computed(() => {
    const [state, stage] = [this.state(), this.chosen()];
    return state && stage ? slice(state.stages, stage, this.tried(), isOver(state.build.status)) : null;
  });
  protected readonly link = computed(() => webAddress(this.state()?.build.externalUrl));
  protected readonly progress = computed(() => {
    const build = this.state()?.build;
    if (!build?.startedAt || !build.expectedDuration || isOver(build.status)) return null;
    const passed = this.clock.now() - Date.parse(build.startedAt);
    return { share: Math.min(1, passed / build.expectedDuration), usual: length(build.expectedDuration) };
  });

  constructor() {
    effect((clean) => {
      const address = { project: this.project(), service: this.service(), number: Number(this.number()) };
      untracked(() => this.load(address));
      clean(() => this.live?.unsubscribe());
    });
    effect(() => {
      const build = this.state()?.build;
      if (build) this.tab.show(`#${build.number} ${build.service.displayName}`, build.status);
    });
    // Once it is chosen, and drawn as such.
    afterRenderEffect(() => {
      if (this.sought() === null || this.chosen()?.key !== this.sought()) return;
      this.sought.set(null);
      const place = this.host.nativeElement.querySelector<HTMLElement>("[data-chosen]");
      place?.focus({ preventScroll: true });
      place?.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
    const narrow = matchMedia("(max-width: 767px)");
    const measure = (): void => this.isNarrow.set(narrow.matches);
    measure();
    narrow.addEventListener("change", measure);
    inject(DestroyRef).onDestroy(() => {
      narrow.removeEventListener("change", measure);
      this.tab.plain();
    });
    shortcuts({
      "1": () => this.show("graph"),
      "2": () => this.show("timeline"),
      "3": () => this.show("list"),
      "[": () => this.toFailure(-1),
      "]": () => this.toFailure(1),
    });
  }

  protected may(action: string) {
    return this.state()?.build.actions.find((one) => one.action === action);
  }

  protected text(value: unknown): string {
    return typeof value === "string" ? value : JSON.stringify(value);
  }

  /** The same again chooses nothing. */
  protected choose(key: string, attempt: number | null = null): void {
    const isSame = key === this.stage() && (attempt === null || attempt === this.tried());
    const stage = isSame && attempt === null && this.tried() === null ? null : key;
    this.go({ stage: stage || null, attempt: isSame ? null : attempt }, undefined);
  }

  /** Chooses a stage, and leads to where it is drawn. */
  protected reveal(key: string): void {
    this.sought.set(key);
    if (key !== this.stage()) this.go({ stage: key, attempt: null }, undefined);
  }

  protected show(view: View): void {
    this.picked.set(view);
    this.go({ view }, this.route.snapshot.fragment ?? undefined);
  }

  /** A line of the whole log. */
  protected openLine(line: number): void {
    this.go({ stage: null, attempt: null }, `L${line}`);
    document.querySelector("alm-log")?.scrollIntoView({ block: "start" });
  }

  protected cancel(): void {
    const buildId = this.state()?.build.id;
    if (buildId) void this.sending.send(CancelBuildDocument, { input: { buildId } }, (data) => data.cancelBuild);
  }

  protected async rerun(stageId?: string): Promise<void> {
    const buildId = this.state()?.build.id;
    if (!buildId) return;
    const input = { buildId, start: stageId ? { stageId } : { beginning: true } };
    const told = await this.sending.tell(RerunBuildDocument, { input }, (data) => data.rerunBuild);
    if (told?.build) void this.router.navigate(["/projects", this.project(), this.service(), "builds", told.build.number]);
  }

  private go(queryParams: Record<string, string | number | null>, fragment: string | undefined): void {
    void this.router.navigate([], { relativeTo: this.route, queryParams, queryParamsHandling: "merge", fragment, scroll: "manual" });
  }

  /** The failure before or after the chosen stage, in reading order. */
  private toFailure(step: 1 | -1): void {
    const bad = this.failures();
    const at = bad.findIndex((stage) => stage.key === this.stage());
    const next = bad[at < 0 ? (step > 0 ? 0 : bad.length - 1) : (at + step + bad.length) % bad.length];
    if (next) this.reveal(next.key);
  }

  private load(address: { project: string; service: string; number: number }): void {
    this.state.set(null);
    this.gone.set(!Number.isInteger(address.number) || address.number < 1 || address.number > 2 ** 31 - 1);
    this.reading.stop();
    this.sending.clear();
    if (this.gone()) return;
    this.reading.ask(BuildDocument, address, "build", ({ build: found, serverInfo }) => {
      this.gone.set(!found);
      if (!found) return;
      if (serverInfo) this.clock.set(serverInfo.now);
      this.state.set(begun(found));
      this.listen(found.id, () => this.load(address));
    });
  }

  private listen(id: string, again: () => void): void {
    this.live?.unsubscribe();
    this.live = this.follow.events(BuildLiveDocument, { id }, (data) => data.buildUpdates).subscribe({
      next: (event) => this.state.update((state) => folded(state, event)),
      error: (error: unknown) => this.reading.failed(error, again),
    });
  }
}
