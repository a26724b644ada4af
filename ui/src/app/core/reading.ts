import { DestroyRef, inject, signal } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import type { OperationVariables, TypedDocumentNode } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { Apollo } from "apollo-angular";
import type { Subscription } from "rxjs";

import { problem } from "../parts/problem";

/**
 * What a tile asks the server: one question at a time, what is wrong with it, and how it is asked again. Where there is an injection
 * context.
 */
export class Reading {
  private readonly apollo = inject(Apollo);
  private readonly destroyed = inject(DestroyRef);
  private asked: Subscription | undefined;
  private last: (() => void) | undefined;

  readonly busy = signal(false);
  readonly trouble = signal<string | null>(null);

  /**
   * Asks, and tells what was answered. The tile is about these fields of the answer: what is wrong with others is the trouble of others,
   * and they may be missing.
   */
  ask<Data, Variables extends OperationVariables>(
    query: TypedDocumentNode<Data, Variables>,
    variables: NoInfer<Variables>,
    fields: (keyof Data & string) | readonly (keyof Data & string)[],
    tell: (data: Partial<Data>) => void,
  ): void {
    this.last = () => this.ask(query, variables, fields, tell);
    this.asked?.unsubscribe();
    this.busy.set(true);
    this.asked = this.apollo
      .query<Data, Variables>({ query, variables: variables as Variables, errorPolicy: "all" } as Apollo.QueryOptions<Data, Variables>)
      .pipe(takeUntilDestroyed(this.destroyed))
      .subscribe({
        next: ({ data, error }) => this.told(error && concerns(error, [fields].flat()) ? error : null, () => tell((data ?? {}) as Partial<Data>)),
        error: (error: unknown) => this.told(error, () => undefined),
      });
  }

  /** Asks the last question again. */
  again(): void {
    this.last?.();
  }

  /** What is on its way is not wanted any more, and nothing is wrong. */
  stop(): void {
    this.asked?.unsubscribe();
    this.busy.set(false);
    this.trouble.set(null);
  }

  /** The stream that keeps the answer fresh was refused: what is shown is the last that is known, until it is read anew. */
  failed(error: unknown, again: () => void): void {
    this.last = again;
    this.trouble.set(problem(error));
  }

  private told(error: unknown, tell: () => void): void {
    this.busy.set(false);
    this.trouble.set(error ? problem(error) : null);
    if (!error) tell();
  }
}

/** Whether one of these fields is missing because of it: each error says where it happened, and one that does not concerns everything. */
function concerns(error: unknown, fields: readonly string[]): boolean {
  return !CombinedGraphQLErrors.is(error) || error.errors.some(({ path }) => !path?.length || fields.includes(String(path[0])));
}
