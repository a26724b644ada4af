import { Injectable, computed, inject, signal } from "@angular/core";
import { Apollo } from "apollo-angular";
import { Subscription } from "rxjs";

import { LogFindDocument } from "../api/operations";
import { problem } from "../parts/problem";

/** What is looked for. */
export interface Wanted {
  readonly buildId: string;
  readonly stageId: string | null;
  readonly pattern: string;
  readonly regex: boolean;
  readonly caseSensitive: boolean;
}

/** Most matches that are kept at hand. */
const MOST = 100_000;

/** A search in a whole log, on the server; and where one is in what it has found. */
@Injectable()
export class Search {
  private readonly apollo = inject(Apollo);
  private asked = new Subscription();
  private wanted: Wanted | null = null;

  /** Numbers of the lines that match, in order. */
  readonly matches = signal<readonly number[]>([]);
  readonly total = signal(0);
  /** Whether there may be more behind what was searched. */
  readonly isMore = signal(false);
  readonly isBusy = signal(false);
  readonly trouble = signal<string | null>(null);
  /** Place in `matches`. */
  readonly at = signal(-1);
  readonly searchedTo = signal(0);
  readonly now = computed(() => this.matches()[this.at()] ?? null);
  private readonly set = computed(() => new Set(this.matches()));

  has(seq: number): boolean {
    return this.set().has(seq);
  }

  /** Looks from the beginning on; the match at or behind `near` is the first that is shown. */
  look(wanted: Wanted, near: number): void {
    this.clear();
    if (!wanted.pattern) return;
    this.wanted = wanted;
    this.page(0, () => {
      const at = this.matches().findIndex((seq) => seq >= near);
      this.at.set(at >= 0 ? at : this.matches().length > 0 ? 0 : -1);
    });
  }

  /** To the next match, or to the one before; at an end on from the other, once all was searched. `last` is the log's last line. */
  step(by: 1 | -1, last: number): void {
    const count = this.matches().length;
    const to = this.at() + by;
    if (to >= count && (this.isMore() || this.searchedTo() < last) && count < MOST) {
      this.page(this.searchedTo(), () => this.at.set(this.matches().length > count ? count : 0));
    } else if (count > 0) this.at.set((to + count) % count);
  }

  clear(): void {
    this.asked.unsubscribe();
    this.wanted = null;
    this.matches.set([]);
    this.total.set(0);
    this.at.set(-1);
    this.isMore.set(false);
    this.isBusy.set(false);
    this.trouble.set(null);
    this.searchedTo.set(0);
  }

  private page(fromSeq: number, then: () => void): void {
    if (!this.wanted) return;
    this.asked.unsubscribe();
    this.isBusy.set(true);
    const { buildId, ...search } = this.wanted;
    this.asked = this.apollo.query({ query: LogFindDocument, variables: { buildId, search: { ...search, fromSeq } } }).subscribe({
      next: ({ data }) => {
        this.isBusy.set(false);
        if (!data?.logSearch) return;
        const { matches, total, truncated, searchedTo } = data.logSearch;
        const before = this.matches().length;
        this.matches.update((known) => [...known, ...matches]);
        this.total.set(before + total);
        this.isMore.set(truncated);
        this.searchedTo.set(searchedTo);
        then();
      },
      error: (error: unknown) => {
        this.isBusy.set(false);
        this.trouble.set(problem(error));
      },
    });
  }
}
