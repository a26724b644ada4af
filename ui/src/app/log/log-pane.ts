import {
  Component,
  DestroyRef,
  ElementRef,
  afterNextRender,
  afterRenderEffect,
  computed,
  effect,
  inject,
  input,
  output,
  signal,
  untracked,
  viewChild,
} from "@angular/core";
import { ActivatedRoute, Router } from "@angular/router";
import { Apollo } from "apollo-angular";
import { toSignal } from "@angular/core/rxjs-interop";
import { firstValueFrom } from "rxjs";

import { LogCopyDocument, LogDownloadsDocument } from "../api/operations";
import { Preferences } from "../core/preferences";
import { shortcuts } from "../core/shortcuts";
import { Download } from "../parts/download";
import { problem } from "../parts/problem";
import { Trouble } from "../parts/trouble";
import { cut, marked, plain, spans } from "./ansi";
import type { Line } from "./cache";
import { FindBar } from "./find-bar";
import { type Chosen, chosen, fragment } from "./permalink";
import { type Picked, stepped } from "./pick";
import { type Rows, some, span } from "./rows";
import { ROW, type View, bottom, dragged, moved, native, seen, tall } from "./scroll";
import { Search } from "./search";
import type { Slice } from "./slice";
import { Source } from "./source";

/** So much of a line is shown before somebody asks for the rest. */
const LONG = 2_000;

/** A log of more lines than this fills the pane. */
const SHORT = 60;

/** So many lines can be copied at once. */
const MOST_COPIED = 2_000;

/** How long the native scroll bar is left alone after somebody has moved it, in milliseconds. */
const SETTLED = 200;

/** A key that is held chooses another line so often, in milliseconds: browsers refuse addresses that change too fast. */
const HELD = 120;

const FORMS = [
  { key: "plain", text: "Plain text", ending: "log" },
  { key: "ansi", text: "With its colours", ending: "ansi" },
  { key: "ndjson", text: "As JSON lines", ending: "ndjson" },
] as const;

/** The log of a build, however long: as it is written, around a line, or of one stage. */
@Component({
  selector: "alm-log",
  imports: [FindBar, Trouble],
  providers: [Source, Search],
  templateUrl: "./log-pane.html",
})
export class LogPane {
  private readonly apollo = inject(Apollo);
  private readonly downloads = inject(Download);
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  protected readonly source = inject(Source);
  protected readonly search = inject(Search);
  protected readonly preferences = inject(Preferences);

  readonly build = input.required<string>();
  /** What files that are downloaded are called. */
  readonly name = input("build");
  /** Show only this part. */
  readonly slice = input<Slice | null>(null);
  /** Whether it is what the page is about. */
  readonly tall = input(false);
  /** The whole log is wanted again. */
  readonly unslice = output();

  private readonly box = viewChild.required<ElementRef<HTMLElement>>("box");
  private readonly finder = viewChild.required(FindBar);
  private readonly fragment = toSignal(this.route.fragment);

  protected readonly forms = FORMS;
  protected readonly full = signal(false);
  protected readonly following = signal(true);
  protected readonly copied = signal("");
  protected readonly trouble = signal<string | null>(null);
  protected readonly isSorting = signal(false);
  protected readonly marked = computed(() => chosen(this.fragment()));

  /** What is shown of the log, without what changes nothing. */
  protected readonly part = computed(() => this.slice(), {
    equal: (a, b) => a?.stageId === b?.stageId && a?.from === b?.from && a?.to === b?.to && a?.isMixed === b?.isMixed,
  });
  private readonly own = signal<{ readonly seqs: readonly number[]; readonly count: number } | null>(null);
  protected readonly rows = computed<Rows>(() => {
    const [first, last] = [this.source.first(), this.source.last()];
    const part = this.part();
    const own = this.own();
    if (!part) return span(first, last);
    if (own) return some(own.seqs);
    return part.isMixed && this.isSorting() ? some([]) : span(Math.max(first, part.from), Math.min(last, part.to ?? last));
  });

  /** The stage that is searched in, where lines of others lie between its own or it has none. */
  protected readonly searched = computed(() => {
    const part = this.part();
    return part && (part.isMixed || this.rows().count === 0) ? part.stageId : null;
  });

  /** Where the reader is, unless the end is followed. */
  private readonly place = signal(0);
  private readonly size = signal({ width: 0, height: 0, letter: 8 });
  private readonly width = computed(() => this.size().width);
  private readonly measured = new Map<number, number>();
  private readonly measures = signal(0);
  private readonly unfolded = signal<ReadonlySet<number>>(new Set());
  /** The last line when the reader stopped following. */
  private readonly leftAt = signal(0);

  protected readonly view = computed<View>(() => {
    this.measures();
    const rows = this.rows();
    const heights = this.preferences.wrap() ? (row: number) => this.heightOf(rows.seq(row)) : () => ROW;
    return { count: rows.count, height: this.size().height, heights };
  });
  private readonly at = computed(() => (this.following() ? bottom(this.view()) : Math.min(this.place(), bottom(this.view()))));
  protected readonly seen = computed(() => seen(this.view(), this.at()));
  protected readonly height = computed(() => Math.max(this.view().height, tall(this.rows().count)));
  /** How tall a short log is, so that the pane need not be taller where there is little room. */
  protected readonly fit = computed(() => {
    const { count, heights } = this.view();
    if (!this.source.loaded() || count > SHORT) return null;
    let sum = 0;
    for (let row = 0; row < count; row += 1) sum += heights(row);
    return `${sum}px`;
  });
  protected readonly near = computed(() => this.rows().seq(this.seen().first));
  protected readonly unseen = computed(() => (this.following() ? 0 : Math.max(0, this.source.last() - this.leftAt())));

  protected readonly shown = computed(() => {
    this.source.changes();
    const rows = this.rows();
    const { first, last } = this.seen();
    const picked = this.marked();
    const now = this.search.now();
    const withTimes = this.preferences.times();
    const all = [];
    for (let row = first; row <= last; row += 1) {
      const seq = rows.seq(row);
      const line = this.source.line(seq);
      const isHit = this.search.has(seq);
      const whole = line ? looks(line) : [];
      const length = whole.reduce((sum, one) => sum + one.text.length, 0);
      const isLong = length > LONG && !this.unfolded().has(seq);
      const parts = isLong ? cut(whole, LONG) : whole;
      all.push({
        row,
        seq,
        line,
        spans: isHit ? marked(parts, this.finder().places()) : parts,
        rest: isLong ? length - LONG : 0,
        at: withTimes && line?.at ? clock(line.at) : withTimes ? " " : "",
        isHit,
        isNow: seq === now,
        isChosen: picked !== null && seq >= picked.from && seq <= picked.to,
      });
    }
    return all;
  });

  /** Where the matches are, beside the scroll bar. */
  protected readonly ruler = computed(() => {
    const rows = this.rows();
    const matches = this.search.matches();
    const places = new Set(matches.map((seq) => Math.round((1000 * rows.row(seq)) / Math.max(1, rows.count))));
    return [...places].map((y) => `M0 ${y}h8`).join("");
  });

  constructor() {
    effect(() => {
      const build = this.build();
      untracked(() => {
        const line = this.marked()?.from ?? null;
        this.following.set(line === null);
        this.source.open(build, line);
      });
    });
    // An address that names a line leads there, once the log is known, and how much of it can be seen.
    const isReady = computed(() => this.source.loaded() && this.source.last() > 0 && this.size().height > 0);
    effect(() => {
      if (isReady()) this.leftAt.set(untracked(this.source.last));
    });
    effect(() => {
      const picked = this.marked();
      if (!isReady()) return;
      if (this.isPicking) this.isPicking = picked?.from !== this.picked?.from || picked?.to !== this.picked?.to;
      else if (picked) untracked(() => this.goTo(picked.from));
    });
    let before: string | null = null;
    effect((clean) => {
      const part = this.part();
      const isLoaded = this.source.loaded();
      untracked(() => {
        this.own.set(null);
        this.isSorting.set(part?.isMixed ?? false);
        // A part that only grows is the same for the reader.
        if ((part?.stageId ?? null) !== before) this.begin(part);
        before = part?.stageId ?? null;
      });
      if (!part?.isMixed || !isLoaded) return;
      const stop = new AbortController();
      clean(() => stop.abort());
      void this.sort(part, stop.signal);
    });
    effect(() => this.source.want(this.shown().flatMap(({ seq, line }) => (line ? [] : [seq]))));
    // A new look needs new measures.
    effect(() => {
      this.preferences.wrap();
      this.preferences.times();
      this.width();
      this.unfolded();
      this.measured.clear();
    });
    afterRenderEffect({
      write: () => this.settle(),
      read: () => this.measure(),
    });
    this.observe(inject(DestroyRef));
    shortcuts({ s: () => this.finder().focus(), z: () => this.full.update((on) => !on) });
  }

  /** Shows a line, a third down the pane. */
  goTo(seq: number): void {
    this.leave();
    const rows = this.rows();
    const row = rows.row(seq);
    this.place.set(moved(this.view(), row, -this.view().height / 3));
  }

  /** The button goes, and the focus does not go with it. */
  protected latest(): void {
    this.following.set(true);
    this.box().nativeElement.focus({ preventScroll: true });
  }

  /** Only the reader stops following, by moving upwards; never an append. */
  protected scrolled(): void {
    const box = this.box().nativeElement;
    const by = box.scrollTop - this.set;
    if (Math.abs(by) < 1) return;
    this.set = box.scrollTop;
    this.movedAt = performance.now();
    const view = this.view();
    const atEnd = box.scrollTop >= box.scrollHeight - box.clientHeight - 1;
    const to = atEnd ? bottom(view) : box.scrollTop <= 0 ? 0 : Math.abs(by) <= view.height ? moved(view, this.at(), by) : dragged(view, box.scrollTop);
    this.move(to, by);
  }

  protected key(event: KeyboardEvent): void {
    if (event.target !== this.box().nativeElement || event.ctrlKey || event.metaKey || event.altKey) return;
    const ways: Record<string, 1 | -1> = { j: 1, k: -1 };
    const way = ways[event.key.toLowerCase()];
    if (way) {
      event.preventDefault();
      return this.step(way, event);
    }
    const page = this.view().height - ROW;
    const steps: Record<string, number> = { ArrowUp: -ROW, ArrowDown: ROW, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity };
    const by = steps[event.key];
    if (by === undefined) return;
    event.preventDefault();
    if (by === Infinity) return this.latest();
    this.move(by === -Infinity ? 0 : moved(this.view(), this.at(), by), by);
  }

  protected clicked(event: MouseEvent, seq: number): void {
    if (event.ctrlKey || event.metaKey || event.button !== 0) return;
    event.preventDefault();
    const before = this.marked();
    this.pick(event.shiftKey && before ? { from: Math.min(before.from, seq), to: Math.max(before.from, seq) } : { from: seq, to: seq });
  }

  /** Chooses by a key; what is chosen stays in sight, and the reader with it. */
  private step(by: 1 | -1, { shiftKey, repeat, timeStamp }: KeyboardEvent): void {
    if (repeat && timeStamp - this.stepped.at < HELD) return;
    this.leave();
    const [view, rows, lines] = [this.view(), this.rows(), this.isPicking ? this.picked : this.marked()];
    const { first, last, hidden } = seen(view, this.at());
    const inSight = { first: Math.min(last, hidden > 0 ? first + 1 : first), last };
    const before: Picked | null = lines && { lines, head: this.stepped.head };
    const now = stepped(rows, inSight, before, by, shiftKey);
    if (!now) return;
    this.stepped = { head: now.head, at: timeStamp };
    this.pick(now.lines);
    const row = rows.row(now.head);
    const lowest = moved(view, row, view.heights(row) - view.height);
    if (row < inSight.first) this.place.set(row);
    else if (lowest > this.at()) this.place.set(lowest);
  }
  private stepped = { head: 0, at: 0 };

  /** The address names the lines; the page stays where it is. */
  protected pick(lines: Chosen | null): void {
    this.copied.set("");
    this.picked = lines;
    this.isPicking = true;
    const name = lines ? fragment(lines) : undefined;
    const going = this.router.navigate([], { relativeTo: this.route, fragment: name, queryParamsHandling: "preserve", replaceUrl: true, scroll: "manual" });
    void going.then((isThere) => {
      if (!isThere && this.picked === lines) this.isPicking = false;
    });
  }

  protected async copyLink(): Promise<void> {
    await this.copy(location.href, "The link is copied.");
  }

  protected async copyLines({ from, to }: Chosen): Promise<void> {
    const limit = Math.min(to - from + 1, MOST_COPIED);
    try {
      const { data } = await firstValueFrom(this.apollo.query({ query: LogCopyDocument, variables: { buildId: this.build(), from, limit } }));
      const text = (data?.log?.lines ?? []).map((line) => plain(line.text)).join("\n");
      await this.copy(text, limit < to - from + 1 ? `The first ${limit} lines are copied.` : "Copied.");
    } catch (error) {
      this.copied.set(problem(error));
    }
  }

  protected async download(form: (typeof FORMS)[number]): Promise<void> {
    try {
      const part = this.slice();
      const variables = { id: this.build(), stageId: part?.stageId ?? null };
      const { data } = await firstValueFrom(this.apollo.query({ query: LogDownloadsDocument, variables }));
      const path = data?.build?.log[form.key];
      const name = part ? `${this.name()}-${part.name.replace(/[^\w.-]+/g, "-")}` : this.name();
      if (path) this.trouble.set(await this.downloads.save(path, `${name}.${form.ending}`));
    } catch (error) {
      this.trouble.set(problem(error));
    }
  }

  protected unfold(seq: number): void {
    this.unfolded.update((all) => new Set(all).add(seq));
  }

  protected again(): void {
    this.trouble.set(null);
    this.source.again();
  }

  /** Another part of the log: from its beginning, or from its end while it grows; the whole of it where the reader was. */
  private begin(part: Slice | null): void {
    const picked = this.marked();
    if (picked) return this.goTo(picked.from);
    this.following.set(part !== null && part.to === null);
    this.place.set(part ? 0 : this.rows().row(this.nearest));
  }

  /** Where the native scroll bar was set last, and when somebody has moved it. */
  private set = 0;
  private movedAt = -Infinity;
  /** What was chosen here last, and whether the address still has to follow. */
  private picked: Chosen | null = null;
  private isPicking = false;
  private nearest = 1;

  private leave(): void {
    if (!this.following()) return;
    this.place.set(this.at());
    this.leftAt.set(this.source.last());
    this.following.set(false);
  }

  private move(to: number, by: number): void {
    if (by < 0) this.leave();
    this.place.set(to);
    if (by > 0 && to >= bottom(this.view()) - 0.01) this.following.set(true);
  }

  /** Sets the native scroll bar to where the reader is, unless a hand is on it. */
  private settle(): void {
    const [view, at, following, height] = [this.view(), this.at(), this.following(), this.height()];
    this.source.changes();
    this.nearest = this.near();
    const box = this.box().nativeElement;
    const put = (): void => {
      const top = native(view, at);
      // Asked where it stands, the browser has to lay out the whole page.
      if (Math.abs(this.set - top) < 1 && this.room.whole === height && this.room.seen === view.height) return;
      this.room = { whole: height, seen: view.height };
      if (Math.abs(box.scrollTop - top) >= 1) box.scrollTop = top;
      this.set = box.scrollTop;
    };
    const left = SETTLED - (performance.now() - this.movedAt);
    clearTimeout(this.later);
    if (following || left <= 0) put();
    else this.later = setTimeout(put, left);
  }
  private later: ReturnType<typeof setTimeout> | undefined;
  /** How tall all and what is seen of it were then. */
  private room = { whole: 0, seen: 0 };

  /** How tall the rows are that wrap. */
  private measure(): void {
    this.shown();
    if (!this.preferences.wrap()) return;
    let isNew = false;
    for (const row of this.box().nativeElement.querySelectorAll<HTMLElement>(".line")) {
      const seq = Number(row.id.slice(1));
      const is = Math.max(ROW, row.offsetHeight);
      if (this.heightOf(seq) !== is) isNew = true;
      this.measured.set(seq, is);
    }
    if (isNew) untracked(() => this.measures.update((count) => count + 1));
  }

  /** As measured, or as guessed from its length. */
  private heightOf(seq: number): number {
    const known = this.measured.get(seq);
    if (known !== undefined) return known;
    const line = this.source.line(seq);
    if (!line) return ROW;
    const { width, letter } = this.size();
    const room = Math.max(10, Math.floor((width - (this.preferences.times() ? 210 : 100)) / letter));
    const length = this.unfolded().has(seq) ? line.text.length : Math.min(line.text.length, LONG);
    return ROW * Math.max(1, Math.ceil(length / room));
  }

  private async sort(part: Slice, stop: AbortSignal): Promise<void> {
    this.isSorting.set(true);
    try {
      let seqs: number[] | null = null;
      const tell = (): void => this.own.set(seqs && { seqs, count: seqs.length });
      let frame = 0;
      const grown = (): void => {
        frame ||= requestAnimationFrame(() => {
          frame = 0;
          if (!stop.aborted) tell();
        });
      };
      seqs = await this.source.sorted(part.stageId, part.from, part.to, stop, grown);
      if (!stop.aborted) tell();
    } catch (error) {
      if (!stop.aborted) this.trouble.set(problem(error));
    } finally {
      if (!stop.aborted) this.isSorting.set(false);
    }
  }

  private async copy(text: string, said: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.copied.set(said);
    } catch {
      this.copied.set("This browser did not allow it.");
    }
  }

  private observe(destroyed: DestroyRef): void {
    const measure = (): void => {
      const box = this.box().nativeElement;
      const height = Math.max(ROW, box.clientHeight);
      const before = this.size();
      if (before.height !== height || before.width !== box.clientWidth) this.size.set({ ...before, width: box.clientWidth, height });
    };
    const watch = new ResizeObserver(measure);
    afterNextRender({
      read: () => {
        // Not when the observer first tells of it: that is a frame later.
        measure();
        watch.observe(this.box().nativeElement);
      },
    });
    destroyed.onDestroy(() => {
      watch.disconnect();
      clearTimeout(this.later);
    });
  }
}

const LOOKS = new WeakMap<Line, ReturnType<typeof spans>>();

/** Parsed when it is seen, and once. */
function looks(line: Line): ReturnType<typeof spans> {
  const known = LOOKS.get(line);
  if (known) return known;
  const found = spans(line.text);
  LOOKS.set(line, found);
  return found;
}

function clock(at: string): string {
  const date = new Date(at);
  const two = (number: number): string => String(number).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
