import { CdkFixedSizeVirtualScroll, CdkVirtualForOf, CdkVirtualScrollViewport } from "@angular/cdk/scrolling";
import { Component, DestroyRef, computed, effect, inject, input, signal, untracked, viewChild } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { Apollo } from "apollo-angular";
import type { Subscription } from "rxjs";

import { type LineBitsFragment, LogLiveDocument, LogWindowDocument, type LogWindowInput } from "../api/operations";
import { Follow } from "../core/follow";
import { problem } from "../parts/problem";
import { spans } from "./ansi";
import { NONE, appended, prepended } from "./log-lines";

/** Height of a row, in pixels. */
const ROW = 20;

/** The log of a build as it is written, or around a line. */
@Component({
  selector: "alm-log",
  imports: [CdkVirtualScrollViewport, CdkFixedSizeVirtualScroll, CdkVirtualForOf],
  templateUrl: "./log-pane.html",
})
export class LogPane {
  private readonly apollo = inject(Apollo);
  private readonly follow = inject(Follow);
  private readonly destroyed = inject(DestroyRef);
  private live: Subscription | undefined;
  private pending: LineBitsFragment[] = [];

  readonly build = input.required<string>();
  /** A line to open at. */
  readonly line = input<number | null>(null);
  /** Show only lines of this stage. */
  readonly stage = input<string | null>(null);

  private readonly view = viewChild(CdkVirtualScrollViewport);
  private readonly known = signal(NONE);
  protected readonly row = ROW;
  protected readonly following = signal(true);
  protected readonly unseen = signal(0);
  protected readonly trouble = signal<string | null>(null);
  protected readonly times = signal(false);
  protected readonly loaded = signal(false);
  protected readonly lines = computed(() => {
    const stage = this.stage();
    const { lines } = this.known();
    return stage ? lines.filter((line) => line.stageId === stage) : lines;
  });
  protected readonly hasEarlier = computed(() => (this.known().lines[0]?.seq ?? 1) > 1);
  protected readonly spans = spans;

  constructor() {
    effect((clean) => {
      const build = this.build();
      untracked(() => this.open(build));
      clean(() => this.live?.unsubscribe());
    });
    effect(() => {
      this.lines();
      if (this.following()) requestAnimationFrame(() => this.view()?.scrollTo({ bottom: 0 }));
    });
  }

  protected time(line: LineBitsFragment): string {
    return line.at?.slice(11, 23) ?? "";
  }

  protected key(_: number, line: LineBitsFragment): number {
    return line.seq;
  }

  /** Only the reader stops following, by scrolling up; never an append. */
  protected scrolled(event: Event): void {
    const view = this.view();
    if (!view || !(event instanceof WheelEvent || event instanceof KeyboardEvent || event instanceof TouchEvent)) return;
    requestAnimationFrame(() => {
      const atEnd = view.measureScrollOffset("bottom") < 2 * ROW;
      this.following.set(atEnd);
      if (atEnd) this.unseen.set(0);
    });
  }

  protected latest(): void {
    this.unseen.set(0);
    this.following.set(true);
    this.view()?.scrollTo({ bottom: 0 });
  }

  protected earlier(): void {
    const first = this.known().lines[0]?.seq ?? 1;
    const from = Math.max(1, first - 500);
    this.read({ from }, ({ lines }) => this.known.update((known) => prepended(known, lines)));
  }

  private open(build: string): void {
    this.live?.unsubscribe();
    this.known.set(NONE);
    this.loaded.set(false);
    const line = this.line();
    this.following.set(line === null);
    this.read(line === null ? { tail: 500 } : { around: line }, ({ lines, cursor }) => {
      this.known.set({ lines });
      this.loaded.set(true);
      this.listen(build, cursor);
      if (line === null) return;
      const at = lines.findIndex((one) => one.seq === line);
      requestAnimationFrame(() => this.view()?.scrollToIndex(Math.max(0, at - 5)));
    });
  }

  private read(
    window: LogWindowInput,
    then: (page: { lines: readonly LineBitsFragment[]; cursor: string }) => void,
  ): void {
    this.apollo
      .query({ query: LogWindowDocument, variables: { buildId: this.build(), window } })
      .pipe(takeUntilDestroyed(this.destroyed))
      .subscribe({
        next: ({ data }) => data?.log && then(data.log),
        error: (error: unknown) => this.trouble.set(problem(error)),
      });
  }

  private listen(id: string, after: string): void {
    this.live = this.follow.events(LogLiveDocument, { id, after }, (data) => data.buildLog).subscribe({
      next: (event) => {
        if (event.__typename !== "LogBatch") return;
        if (this.pending.length === 0) requestAnimationFrame(() => this.flush());
        this.pending.push(...event.lines);
      },
      error: (error: unknown) => this.trouble.set(problem(error)),
    });
  }

  private flush(): void {
    const told = this.pending;
    this.pending = [];
    this.known.update((known) => appended(known, told));
    if (!this.following()) this.unseen.update((count) => count + told.length);
  }
}
