import { Injectable, inject, signal } from "@angular/core";
import { Apollo } from "apollo-angular";
import type { Subscription } from "rxjs";

import {
  type ProviderBitsFragment,
  type ProviderKindsQuery,
  ProviderKindsDocument,
  ProvidersDocument,
  type ProvidersQuery,
} from "../api/operations";
import { whenBack } from "../core/back";
import { Clock } from "../core/clock";
import { problem } from "../parts/problem";

export type ProviderRow = NonNullable<ProvidersQuery["providers"]>["edges"][number]["node"];
export type Kind = NonNullable<ProviderKindsQuery["providerKinds"]>[number];

/** All providers, and what is known of their families. No stream tells of them: they are read again when somebody comes back to the page. */
@Injectable()
export class ProviderList {
  private readonly apollo = inject(Apollo);
  private readonly clock = inject(Clock);
  private asked: Subscription | undefined;

  /** Null until they are known. */
  readonly providers = signal<readonly ProviderRow[] | null>(null);
  readonly kinds = signal<readonly Kind[] | null>(null);
  readonly isAdmin = signal(false);
  readonly trouble = signal<string | null>(null);
  /** When they were read. */
  readonly readAt = signal<string | null>(null);

  constructor() {
    whenBack(() => this.providers() && this.load());
  }

  load(): void {
    this.asked?.unsubscribe();
    this.asked = this.apollo.query({ query: ProvidersDocument }).subscribe({
      next: ({ data }) => {
        this.trouble.set(null);
        this.readAt.set(new Date(this.clock.now()).toISOString());
        this.providers.set(data?.providers?.edges.map((edge) => edge.node) ?? []);
      },
      error: (error: unknown) => this.trouble.set(problem(error)),
    });
  }

  loadKinds(): void {
    this.apollo.query({ query: ProviderKindsDocument }).subscribe({
      next: ({ data }) => {
        this.isAdmin.set(data?.viewer?.isAdmin === true);
        this.kinds.set(data?.providerKinds ?? []);
      },
      error: (error: unknown) => this.trouble.set(problem(error)),
    });
  }

  /** A newer picture of one of them. */
  told(provider: ProviderBitsFragment): void {
    this.providers.update(
      (known) => known?.map((one) => (one.id === provider.id && one.revision <= provider.revision ? { ...one, ...provider } : one)) ?? null,
    );
  }
}
