import { Component, DestroyRef, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { Title } from "@angular/platform-browser";
import { ActivatedRoute, Router, RouterLink } from "@angular/router";
import { Apollo } from "apollo-angular";
import type { Observable, Subscription } from "rxjs";

import { BuildDocument, BuildLiveDocument, CancelBuildDocument, RerunBuildDocument } from "../api/operations";
import { Clock } from "../core/clock";
import { Follow } from "../core/follow";
import { LogPane } from "../log/log-pane";
import { slice } from "../log/slice";
import { Missing } from "../parts/missing";
import { problem } from "../parts/problem";
import { Status, isOver, look } from "../parts/status";
import { Ago, Elapsed, length } from "../parts/time";
import { Approval } from "./approval";
import { type BuildState, folded } from "./build-state";
import { Failure } from "./failure";
import { Graph } from "./graph";
import { StageList } from "./stage-list";

@Component({
  selector: "alm-build",
  imports: [RouterLink, Status, Ago, Elapsed, Approval, Failure, Graph, LogPane, StageList, Missing],
  templateUrl: "./build.html",
})
export class Build {
  private readonly apollo = inject(Apollo);
  private readonly follow = inject(Follow);
  private readonly clock = inject(Clock);
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private readonly title = inject(Title);
  private readonly destroyed = inject(DestroyRef);
  private live: Subscription | undefined;

  /** From the address. */
  readonly project = input.required<string>();
  readonly service = input.required<string>();
  readonly number = input.required<string>();
  /** Key of the chosen stage, in the address. */
  readonly stage = input<string>();
  /** `graph` or `list`, in the address. */
  readonly view = input<string>();

  protected readonly state = signal<BuildState | null>(null);
  protected readonly gone = signal(false);
  protected readonly trouble = signal<string | null>(null);
  protected readonly refused = signal<readonly string[]>([]);
  protected readonly pending = computed(
    () => this.state()?.build.approvals.filter((one) => one.status === "PENDING" || one.status === "DELIVERING") ?? [],
  );
  protected readonly chosen = computed(() => this.state()?.stages.find((stage) => stage.key === this.stage()) ?? null);
  protected readonly part = computed(() => {
    const [state, stage] = [this.state(), this.chosen()];
    return state && stage ? slice(state.stages, stage, null, isOver(state.build.status)) : null;
  });
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
      if (!build) return;
      const { icon, word } = look(build.status);
      this.title.setTitle(`${icon} #${build.number} ${word} · ${build.service.displayName}`);
      document.getElementById("favicon")?.setAttribute("href", favicon(look(build.status).tone));
    });
  }

  protected may(action: string) {
    return this.state()?.build.actions.find((one) => one.action === action);
  }

  protected choose(key: string): void {
    const stage = key === this.stage() ? null : key;
    void this.router.navigate([], { relativeTo: this.route, queryParams: { stage }, queryParamsHandling: "merge" });
  }

  protected show(view: "graph" | "list"): void {
    void this.router.navigate([], { relativeTo: this.route, queryParams: { view }, queryParamsHandling: "merge" });
  }

  protected cancel(): void {
    const buildId = this.state()?.build.id;
    if (!buildId) return;
    const sent = this.apollo.mutate({ mutation: CancelBuildDocument, variables: { input: { buildId } } });
    this.answered(sent, (data) => data.cancelBuild);
  }

  protected rerun(stageId?: string): void {
    const buildId = this.state()?.build.id;
    if (!buildId) return;
    const input = { buildId, start: stageId ? { stageId } : { beginning: true } };
    const sent = this.apollo.mutate({ mutation: RerunBuildDocument, variables: { input } });
    this.answered(sent, (data) => {
      const build = data.rerunBuild?.build;
      if (build) void this.router.navigate(["/projects", this.project(), this.service(), "builds", build.number]);
      return data.rerunBuild;
    });
  }

  private answered<D>(
    sent: Observable<{ data?: D | null }>,
    payload: (data: D) => { readonly userErrors: readonly { readonly message: string }[] } | null,
  ): void {
    sent.subscribe({
      next: ({ data }) => this.refused.set(((data && payload(data))?.userErrors ?? []).map((error) => error.message)),
      error: (error: unknown) => this.refused.set([problem(error)]),
    });
  }

  protected load(address: { project: string; service: string; number: number }): void {
    this.state.set(null);
    this.apollo
      .query({ query: BuildDocument, variables: address })
      .pipe(takeUntilDestroyed(this.destroyed))
      .subscribe({
        next: ({ data }) => {
          this.gone.set(!data?.build);
          this.trouble.set(null);
          if (!data?.build) return;
          if (data.serverInfo) this.clock.set(data.serverInfo.now);
          const { stages, ...build } = data.build;
          this.state.set({ build, stages });
          this.listen(build.id);
        },
        error: (error: unknown) => this.trouble.set(problem(error)),
      });
  }

  private listen(id: string): void {
    this.live?.unsubscribe();
    this.live = this.follow.events(BuildLiveDocument, { id }, (data) => data.buildUpdates).subscribe({
      next: (event) => this.state.update((state) => folded(state, event)),
      error: (error: unknown) => this.trouble.set(problem(error)),
    });
  }
}

const TONES: Record<string, string> = {
  succeeded: "%231a7f37",
  failed: "%23c4232b",
  running: "%230b63ce",
  waiting: "%238a5a00",
  warning: "%239a4b00",
  error: "%238a2f9e",
  idle: "%2357606a",
};

function favicon(tone: string): string {
  const colour = TONES[tone] ?? TONES["idle"];
  return `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><circle cx='8' cy='8' r='7' fill='${colour}'/></svg>`;
}
