import { TestBed } from "@angular/core/testing";
import { Apollo } from "apollo-angular";
import { type Observable, Subject, of, throwError } from "rxjs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { LogLiveSubscription, LogWindowInput, LogWindowQuery } from "../api/operations";
import { Follow } from "../core/follow";
import { events, randomly, reply, shuffledAndDoubled } from "../testing/fixtures";
import { type Line, WINDOW } from "./cache";
import { Source } from "./source";

type Event = LogLiveSubscription["buildLog"];
type Page = NonNullable<LogWindowQuery["log"]>;

const RECORDED = ["begun", "resumed", "ended"].flatMap((part) => events<LogLiveSubscription>(`log-live.${part}`)).map(({ buildLog }) => buildLog);
const WHOLE = reply<LogWindowQuery>("log-window.around").log!.lines;

const numbers = (lines: readonly Line[]): number[] => lines.map(({ seq }) => seq);
const many = (count: number): Line[] => Array.from({ length: count }, (_, index) => ({ ...WHOLE[0]!, seq: index + 1, text: `line ${index + 1}` }));
const batch = (lines: readonly Line[]): Event => ({ ...RECORDED[0], __typename: "LogBatch", lastSeq: lines.at(-1)!.seq, lines }) as Event;
const hole = (afterSeq: number, cause: string): Event => ({ __typename: "LogGap", cursor: "", at: "2026-03-02T09:55:37.000Z", afterSeq, cause }) as Event;

/** The same lines in batches of other sizes, each of which may tell again what was told before. */
function cutAnew(lines: readonly Line[], random: () => number): Event[] {
  const all: Event[] = [];
  for (let end = 0; end < lines.length; ) {
    const from = Math.max(0, end - Math.floor(random() * 3));
    end = Math.min(lines.length, end + 1 + Math.floor(random() * 3));
    all.push(batch(lines.slice(from, end)));
  }
  return all;
}

describe("the source of a log", () => {
  /** What is kept at the server, and what it was asked for. */
  let kept: readonly Line[];
  let asked: LogWindowInput[];
  let waiting: Subject<void> | null;
  let refused: Error | null;
  let stream: Subject<Event>;
  let followed: (string | null | undefined)[];
  let frames: (() => void)[];

  function page(window: LogWindowInput): Page {
    const last = kept.at(-1)?.seq ?? 0;
    const from = window.tail ? last - window.tail + 1 : window.around ? Math.max(1, window.around - WINDOW / 2) : (window.from ?? 1);
    const lines = kept.filter(({ seq }) => seq >= from).slice(0, WINDOW);
    return { __typename: "LogPage", firstSeq: kept[0]?.seq ?? 0, lastSeq: last, cursor: `after ${last}`, lines } as Page;
  }

  beforeEach(() => {
    [kept, asked, waiting, refused, stream, followed, frames] = [[], [], null, null, new Subject(), [], []];
    vi.stubGlobal("requestAnimationFrame", (act: () => void) => frames.push(act));
    vi.stubGlobal("cancelAnimationFrame", () => undefined);
    const apollo = {
      query: ({ variables: { window } }: { variables: { window: LogWindowInput } }): Observable<unknown> => {
        asked.push(window);
        if (refused) return throwError(() => refused);
        const data = { log: page(window) };
        if (!waiting) return of({ data });
        const answer = new Subject<unknown>();
        waiting.subscribe(() => answer.next({ data }));
        return answer;
      },
    };
    const follow = {
      events: (_document: unknown, { after }: { after?: string | null }): Observable<Event> => {
        followed.push(after);
        return stream;
      },
    };
    TestBed.configureTestingModule({ providers: [{ provide: Apollo, useValue: apollo }, { provide: Follow, useValue: follow }] });
  });
  afterEach(() => vi.unstubAllGlobals());

  /** A log that was opened, and all that it says it heard since. */
  function opened(line: number | null = null): { source: Source; heard: Line[] } {
    const source = TestBed.runInInjectionContext(() => new Source());
    const heard: Line[] = [];
    source.heard((lines) => heard.push(...lines));
    source.open("build", line);
    return { source, heard };
  }
  const paint = (): void => frames.splice(0).forEach((act) => act());
  const shown = (source: Source): (Line | undefined)[] => Array.from({ length: source.last() }, (_, index) => source.line(index + 1));

  it("hears each line of the recorded stream once, from behind what was read", () => {
    kept = WHOLE.slice(0, 3);
    const { source, heard } = opened();
    expect([source.first(), source.last(), followed]).toEqual([1, 3, ["after 3"]]);
    for (const event of RECORDED) stream.next(event);
    paint();
    expect([numbers(heard), source.last(), shown(source)]).toEqual([[4, 5, 6], 6, WHOLE]);
    expect(asked).toEqual([{ tail: WINDOW }]);
  });

  it("hears each line once and in order, however it is cut into batches and told again", () => {
    for (let seed = 0; seed < 1_000; seed += 1) {
      const random = randomly(seed);
      kept = WHOLE.slice(0, Math.floor(random() * 4));
      stream = new Subject();
      const { source, heard } = opened();
      for (const event of cutAnew(WHOLE, random)) for (let times = random() < 0.3 ? 2 : 1; times > 0; times -= 1) stream.next(event);
      paint();
      expect(numbers(heard), `seed ${seed}`).toEqual(numbers(WHOLE.slice(kept.length)));
      expect(shown(source), `seed ${seed}`).toEqual(WHOLE);
    }
  });

  it("shows each line once, whatever order the batches come in: what was passed over is fetched", () => {
    for (let seed = 0; seed < 1_000; seed += 1) {
      const random = randomly(seed);
      [kept, stream, asked] = [[], new Subject(), []];
      const { source, heard } = opened();
      for (const event of shuffledAndDoubled([...RECORDED, ...cutAnew(WHOLE, random)], random)) stream.next(event);
      paint();
      expect(numbers(heard), `seed ${seed}`).toEqual([...new Set(numbers(heard))].sort((a, b) => a - b));
      kept = WHOLE;
      source.want(numbers(WHOLE));
      paint();
      expect([source.last(), shown(source)], `seed ${seed}`).toEqual([6, WHOLE]);
      expect(asked.length, `seed ${seed}`).toBeLessThanOrEqual(2);
    }
  });

  it("takes in as much as it likes, and changes the page once a frame", () => {
    const { source } = opened();
    const before = source.changes();
    for (const line of many(100)) stream.next(batch([line]));
    expect([source.changes() - before, source.last()]).toEqual([0, 0]);
    paint();
    expect([source.changes() - before, source.last()]).toEqual([1, 100]);
  });

  it("has a row for each hole, told twice or not, and one for a line that is not kept any more", () => {
    kept = WHOLE.slice(0, 3);
    const { source, heard } = opened();
    for (const event of [hole(3, "a pod was lost"), hole(3, "a pod was lost"), batch(WHOLE.slice(4))]) stream.next(event);
    paint();
    expect(source.line(4)).toMatchObject({ seq: 4, stream: "GAP", text: "a pod was lost" });
    expect(numbers(heard)).toEqual([4, 5, 6]);

    // The first lines went while somebody looked elsewhere.
    kept = many(3 * WINDOW).slice(WINDOW / 2);
    const later = opened().source;
    expect(later.first()).toBe(WINDOW / 2 + 1);
    for (let tries = 0; tries < 2; tries += 1) {
      later.want([7]);
      paint();
    }
    expect(asked.slice(-2)).toEqual([{ from: 1 }, { from: 7 }]);
    expect(later.line(7)).toMatchObject({ stream: "GAP", text: "This line is not kept any more." });
  });

  it("reads where a permalink leads, and then what is written at the end", () => {
    kept = many(10 * WINDOW);
    const { source, heard } = opened(700);
    expect(asked).toEqual([{ around: 700 }, { tail: 1 }]);
    expect(followed).toEqual([`after ${10 * WINDOW}`]);
    paint();
    expect([source.line(700)?.seq, source.line(10 * WINDOW)?.seq, source.line(3 * WINDOW)]).toEqual([700, 10 * WINDOW, undefined]);
    stream.next(batch(many(10 * WINDOW + 2).slice(-3)));
    paint();
    expect([numbers(heard), source.last()]).toEqual([[10 * WINDOW + 1, 10 * WINDOW + 2], 10 * WINDOW + 2]);
  });

  it("fetches each window once, a few at a time, and nothing outside the log", () => {
    kept = many(10 * WINDOW);
    const { source } = opened();
    waiting = new Subject();
    asked = [];
    const wanted = Array.from({ length: 9 }, (_, index) => index * WINDOW + 5);
    source.want([0, -3, 10 * WINDOW + 1, ...wanted, ...wanted]);
    source.want(wanted);
    expect(asked).toEqual([1, WINDOW + 1, 2 * WINDOW + 1, 3 * WINDOW + 1].map((from) => ({ from })));
    waiting.next();
    waiting = null;
    source.want(wanted);
    expect(asked.slice(4)).toEqual([4, 5, 6, 7, 8].map((at) => ({ from: at * WINDOW + 1 })));
    expect(wanted.map((seq) => source.line(seq)?.seq)).toEqual(wanted);
  });

  it("says what goes wrong, and begins again where it was opened", () => {
    refused = new Error("no network");
    kept = many(3 * WINDOW);
    const { source } = opened(700);
    expect([typeof source.trouble(), source.busy(), source.loaded()]).toEqual(["string", false, false]);
    refused = null;
    source.again();
    expect([asked[1], source.trouble(), source.loaded(), source.line(700)?.seq]).toEqual([{ around: 700 }, null, true, 700]);
  });
});
