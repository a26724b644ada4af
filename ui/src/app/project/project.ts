import { Component, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { RouterLink } from "@angular/router";
import type { Subscription } from "rxjs";

import { type BuildEntryFragment, ProjectDocument, ProjectLiveDocument } from "../api/operations";
import { addressed } from "../core/addressed";
import { Follow } from "../core/follow";
import { Reading } from "../core/reading";
import { Resumed } from "../core/resumed";
import { Viewer } from "../core/viewer";
import { Copy } from "../parts/copy";
import { Spark } from "../parts/spark";
import { length } from "../parts/time";
import { Trouble } from "../parts/trouble";
import { BuildList } from "./build-list";
import { NAMES, type Wanted, fits, wanted } from "./filter";
import { FilterBar } from "./filter-bar";
import { Head } from "./head";
import { type ProjectState, UNKNOWN, continued, folded } from "./project-state";
import { Start } from "./start/start";

/** How many build services are shown before somebody asks for all: their builds are below them. */
const FEW = 12;

@Component({
  selector: "alm-project",
  imports: [BuildList, Copy, FilterBar, RouterLink, Spark, Start, Trouble],
  templateUrl: "./project.html",
})
export class Project {
  private readonly follow = inject(Follow);
  private readonly head = inject(Head);
  private readonly viewer = inject(Viewer);
  protected readonly filters = addressed(...NAMES);
  /** The build services, and the newest builds; or a page of older ones. */
  protected readonly reading = new Reading();
  protected readonly mayEdit = computed(() => this.head.edit()?.allowed === true && !this.head.project()?.isArchived);
  private readonly resumed = new Resumed(() => this.builds().length);
  private live: Subscription | undefined;

  /** Its short name, from the address. */
  readonly project = input.required<string>();

  private readonly state = signal<ProjectState>(UNKNOWN);
  protected readonly shown = computed(() => this.state().project);
  protected readonly builds = computed(() => this.state().builds);
  private readonly asked = computed(() => wanted(this.filters.query(), this.shown()?.services ?? null), {
    equal: (a, b) => JSON.stringify(a) === JSON.stringify(b),
  });
  protected readonly isFiltered = computed(() => this.asked().filter !== null || this.asked().isNowhere);
  protected readonly isNowhere = computed(() => this.asked().isNowhere);
  /** What the builds that are shown were asked for by; null while there are none. */
  private readonly read = signal<Wanted | null>(null);
  protected readonly fits = computed(() => {
    const filter = this.read()?.filter ?? null;
    return (build: BuildEntryFragment): boolean => fits(build, filter, (actor) => this.viewer.is(actor));
  });
  /** How many of them are no more what was looked for. */
  protected readonly past = computed(() => this.builds().filter((build) => !this.fits()(build)).length);
  protected readonly isRead = computed(() => this.read() !== null);
  protected readonly isOld = computed(() => this.read() !== this.asked());
  protected readonly refs = computed(() => {
    const known = [...(this.shown()?.services ?? []).map(({ repository }) => repository.ref), ...this.builds().map(({ ref }) => ref ?? "")];
    return [...new Set(known)].filter(Boolean).sort();
  });
  protected readonly few = FEW;
  /** What is looked for among the build services. */
  protected readonly wanted = signal("");
  protected readonly isWhole = signal(false);
  protected readonly found = computed(() => {
    const words = this.wanted().trim().toLowerCase();
    const all = this.shown()?.services ?? [];
    return words ? all.filter(({ slug, displayName }) => `${slug} ${displayName}`.toLowerCase().includes(words)) : all;
  });
  protected readonly services = computed(() => (this.isWhole() ? this.found() : this.found().slice(0, FEW)));
  protected readonly hasMore = computed(() => this.state().older !== null);

  constructor() {
    this.head.named("Builds");
    let shown: string | undefined;
    effect((clean) => {
      const [slug, filter] = [this.project(), this.asked()];
      untracked(() => {
        if (slug !== shown) this.state.set(UNKNOWN);
        shown = slug;
        this.load(slug, filter);
      });
      clean(() => this.live?.unsubscribe());
    });
  }

  protected readonly length = length;

  protected more(): void {
    this.load(this.project(), this.asked(), this.state().older);
  }

  /** Takes out what is no more what is looked for. */
  protected tidy(): void {
    this.state.update((state) => ({ ...state, builds: state.builds.filter(this.fits()) }));
  }

  private load(slug: string, asked: Wanted, after: string | null = null): void {
    if (asked.isNowhere) {
      this.reading.stop();
      this.state.update((state) => ({ ...state, builds: [], older: null }));
      this.read.set(asked);
      return;
    }
    this.reading.ask(ProjectDocument, { slug, after, filter: asked.filter }, "project", ({ project }) => {
      if (!project) return this.read.set(null);
      const { builds, ...card } = project;
      if (!asked.isSure) return this.state.set({ ...UNKNOWN, project: card });
      this.state.update((known) => continued(after ? known : { ...UNKNOWN, project: card }, builds));
      this.read.set(asked);
      if (!after) this.listen(project.id, asked);
      if (this.resumed.wantsMore(this.builds().length, this.hasMore())) this.more();
    });
  }

  private listen(id: string, { filter }: Wanted): void {
    this.live?.unsubscribe();
    this.live = this.follow.events(ProjectLiveDocument, { id, withBuilds: true, filter }, (data) => data.projectUpdates).subscribe({
      next: (event) => {
        this.state.update((state) => folded(state, event, this.fits()));
        const project = this.shown();
        if (project) this.head.told(project);
      },
      error: (error: unknown) => this.reading.failed(error, () => this.load(this.project(), this.asked())),
    });
  }
}
