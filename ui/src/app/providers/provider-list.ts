import { Injectable, inject, signal } from "@angular/core";

import {
  type ProviderBitsFragment,
  type ProviderKindsQuery,
  ProviderKindsDocument,
  ProvidersDocument,
  type ProvidersQuery,
} from "../api/operations";
import { whenBack } from "../core/back";
import { Clock } from "../core/clock";
import { Reading } from "../core/reading";

export type ProviderRow = NonNullable<ProvidersQuery["providers"]>["edges"][number]["node"];
export type Kind = NonNullable<ProviderKindsQuery["providerKinds"]>[number];

/** All providers, and what is known of their families. No stream tells of them: they are read again when somebody comes back to the page. */
@Injectable()
export class ProviderList {
  private readonly clock = inject(Clock);
  readonly reading = new Reading();
  readonly readingKinds = new Reading();

  /** Null until they are known. */
  readonly providers = signal<readonly ProviderRow[] | null>(null);
  readonly kinds = signal<readonly Kind[] | null>(null);
  readonly isAdmin = signal(false);
  /** When they were read. */
  readonly readAt = signal<string | null>(null);

  constructor() {
    whenBack(() => this.providers() && this.load());
  }

  load(): void {
    this.reading.ask(ProvidersDocument, {}, "providers", ({ providers }) => {
      this.readAt.set(new Date(this.clock.now()).toISOString());
      this.providers.set(providers?.edges.map((edge) => edge.node) ?? []);
    });
  }

  loadKinds(): void {
    this.readingKinds.ask(ProviderKindsDocument, {}, ["viewer", "providerKinds"], ({ viewer, providerKinds }) => {
      this.isAdmin.set(viewer?.isAdmin === true);
      this.kinds.set(providerKinds ?? []);
    });
  }

  /** A newer picture of one of them. */
  told(provider: ProviderBitsFragment): void {
    this.providers.update(
      (known) => known?.map((one) => (one.id === provider.id && one.revision <= provider.revision ? { ...one, ...provider } : one)) ?? null,
    );
  }
}
