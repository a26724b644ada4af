import { DestroyRef, Injectable, inject, signal } from "@angular/core";
import { Apollo } from "apollo-angular";
import { Subscription, firstValueFrom } from "rxjs";

import { LogFindDocument, LogLiveDocument, LogWindowDocument, type LogWindowInput } from "../api/operations";
import { Follow } from "../core/follow";
import { problem } from "../parts/problem";
import { Cache, type Line, WINDOW, windowOf } from "./cache";

/** So many windows are fetched at the same time. */
const AT_ONCE = 4;

/** More lines than this of a stage among others are not told apart: then all lines of its span are shown. */
export const MOST_SORTED = 200_000;

/** A log that is read from both ends: windows from the server where somebody looks, and what is written now. */
@Injectable()
export class Source {
  private readonly apollo = inject(Apollo);
  private readonly follow = inject(Follow);
  private readonly cache = new Cache();
  private readonly asked = new Set<number>();
  private readonly short = new Set<number>();
  private build = "";
  private begun: number | null = null;
  private reading = new Subscription();
  private frame = 0;
  private listeners: ((lines: readonly Line[]) => void)[] = [];
  private told = { last: 0 };

  /** Numbers of the first line that is still kept, and of the last; 0 while there is none. */
  readonly first = signal(0);
  readonly last = signal(0);
  readonly loaded = signal(false);
  readonly trouble = signal<string | null>(null);
  readonly busy = signal(false);
  /** Grows whenever there is something new to show, once a frame at most. */
  readonly changes = signal(0);

  constructor() {
    inject(DestroyRef).onDestroy(() => this.close());
  }

  /** Reads the end of the log, or where `line` is, and listens from there on. */
  open(build: string, line: number | null): void {
    this.close();
    this.build = build;
    this.begun = line;
    this.loaded.set(false);
    this.busy.set(true);
    this.reading = new Subscription();
    this.read(line === null ? { tail: WINDOW } : { around: line }, ({ firstSeq, lastSeq, lines, cursor }) => {
      this.first.set(firstSeq);
      this.told.last = lastSeq;
      this.cache.put(lines);
      this.loaded.set(true);
      this.busy.set(false);
      this.tell();
      if (line === null || lastSeq <= (lines.at(-1)?.seq ?? 0)) return this.listen(cursor);
      // The window is not at the end: what is written now goes on behind the last line.
      this.read({ tail: 1 }, (end) => {
        this.cache.put(end.lines);
        this.told.last = end.lastSeq;
        this.listen(end.cursor);
        this.changed();
      });
    });
  }

  line(seq: number): Line | undefined {
    return this.cache.get(seq);
  }

  /** Fetches what is not at hand. */
  want(seqs: readonly number[]): void {
    const end = this.last();
    for (const seq of seqs) {
      const at = windowOf(seq);
      if (this.asked.size >= AT_ONCE) return;
      if (seq < 1 || seq > end || this.asked.has(at) || this.cache.get(seq)) continue;
      this.asked.add(at);
      // A window that came without this line was cut short, or the line is not kept any more.
      const isSecond = this.short.has(at);
      this.read(
        { from: isSecond ? seq : at * WINDOW + 1 },
        ({ lines }) => {
          const isHere = lines.some((line) => line.seq === seq);
          if (isHere) this.short.delete(at);
          else this.short.add(at);
          this.cache.put(isHere || !isSecond ? lines : [gap({ afterSeq: seq - 1, cause: "This line is not kept any more.", at: null })]);
          this.changed();
        },
        () => this.asked.delete(at),
      );
    }
  }

  /** Calls with lines as they are written, until what it gives back is called. */
  heard(listener: (lines: readonly Line[]) => void): () => void {
    this.listeners = [...this.listeners, listener];
    return () => {
      this.listeners = this.listeners.filter((one) => one !== listener);
    };
  }

  /**
   * The numbers of the lines of a stage from `from` to `to`, or to the last; null where there are too many. Lines that are written
   * later come after them in the list as long as `until` is not aborted.
   */
  async sorted(stageId: string, from: number, to: number | null, until: AbortSignal, grown: () => void): Promise<number[] | null> {
    const own: number[] = [];
    const meanwhile: number[] = [];
    let isSorted = false;
    const deaf = this.heard((lines) => {
      const fresh = lines.filter((line) => line.stageId === stageId && (to === null || line.seq <= to)).map((line) => line.seq);
      (isSorted ? own : meanwhile).push(...fresh);
      if (isSorted && fresh.length > 0) grown();
    });
    until.addEventListener("abort", deaf);
    for (let behind = from - 1, isMore = true; isMore; ) {
      const search = { pattern: "", stageId, fromSeq: behind };
      const asked = this.apollo.query({ query: LogFindDocument, variables: { buildId: this.build, search } });
      const { data } = await firstValueFrom(asked);
      if (until.aborted || !data?.logSearch) return null;
      const { matches, truncated, searchedTo } = data.logSearch;
      own.push(...matches.filter((seq) => to === null || seq <= to));
      isMore = truncated && (to === null || searchedTo < to) && searchedTo > behind;
      behind = searchedTo;
      if (own.length > MOST_SORTED) {
        deaf();
        return null;
      }
    }
    const end = own.at(-1) ?? 0;
    own.push(...meanwhile.filter((seq) => seq > end));
    isSorted = true;
    return own;
  }

  /** Begins again where it ended in trouble. */
  again(): void {
    this.open(this.build, this.begun);
  }

  private close(): void {
    this.reading.unsubscribe();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.cache.clear();
    this.asked.clear();
    this.short.clear();
    this.told.last = 0;
    this.last.set(0);
    this.first.set(0);
  }

  private read(
    window: LogWindowInput,
    then: (page: { firstSeq: number; lastSeq: number; lines: readonly Line[]; cursor: string }) => void,
    finished: () => void = () => undefined,
  ): void {
    const asked = this.apollo.query({ query: LogWindowDocument, variables: { buildId: this.build, window } }).subscribe({
      next: ({ data }) => {
        finished();
        if (data?.log) then(data.log);
      },
      error: (error: unknown) => {
        finished();
        this.busy.set(false);
        this.trouble.set(problem(error));
      },
    });
    this.reading.add(asked);
  }

  private listen(after: string): void {
    const live = this.follow.events(LogLiveDocument, { id: this.build, after }, (data) => data.buildLog).subscribe({
      next: (event) => {
        if (event.__typename === "LogBatch") this.hear(event.lines);
        else if (event.__typename === "LogGap") this.hear([gap(event)]);
      },
      error: (error: unknown) => this.trouble.set(problem(error)),
    });
    this.reading.add(live);
  }

  private hear(lines: readonly Line[]): void {
    const fresh = lines.filter((line) => line.seq > this.told.last);
    if (fresh.length === 0) return;
    this.cache.put(fresh);
    this.told.last = fresh.at(-1)?.seq ?? this.told.last;
    for (const listener of this.listeners) listener(fresh);
    this.changed();
  }

  /** However much comes, the page changes once a frame; what comes first waits for none. */
  private changed(): void {
    this.frame ||= requestAnimationFrame(() => this.tell());
  }

  private tell(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.first() === 0 && this.told.last > 0) this.first.set(1);
    this.last.set(this.told.last);
    this.trouble.set(null);
    this.changes.update((count) => count + 1);
  }
}

/** A hole takes one number of the log's lines, and so is a row. */
function gap({ afterSeq, cause, at }: { afterSeq: number; cause: string; at: string | null }): Line {
  return { seq: afterSeq + 1, at, stageId: null, attempt: null, stream: "GAP", level: null, text: cause };
}
