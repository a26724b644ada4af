import { DestroyRef, Injectable, inject, signal } from "@angular/core";
import type { Subscription } from "rxjs";

import {
  type ProviderKindsQuery,
  ProviderKindsDocument,
  type ProviderRowFragment,
  type ProviderStateFragment,
  ProvidersLiveDocument,
} from "../api/operations";
import { Follow } from "../core/follow";
import { Reading } from "../core/reading";
import { newer } from "../parts/newer";
import { folded } from "./providers-state";

export type Kind = NonNullable<ProviderKindsQuery["providerKinds"]>[number];

/** All providers as they stand, and what is known of their families. */
@Injectable()
export class ProviderList {
  private readonly follow = inject(Follow);
  private stream: Subscription | undefined;
  readonly reading = new Reading();
  readonly readingKinds = new Reading();

  /** Null until they are known. */
  readonly providers = signal<readonly ProviderRowFragment[] | null>(null);
  readonly kinds = signal<readonly Kind[] | null>(null);
  readonly isAdmin = signal(false);

  constructor() {
    inject(DestroyRef).onDestroy(() => this.stream?.unsubscribe());
  }

  /** Follows them, for as long as the page is there. */
  load(): void {
    this.stream?.unsubscribe();
    this.stream = this.follow.events(ProvidersLiveDocument, {}, (data) => data.providerUpdates).subscribe({
      next: (event) => {
        this.reading.stop();
        this.providers.update((known) => folded(known, event));
      },
      error: (error: unknown) => this.reading.failed(error, () => this.load()),
    });
  }

  loadKinds(): void {
    this.readingKinds.ask(ProviderKindsDocument, {}, ["viewer", "providerKinds"], ({ viewer, providerKinds }) => {
      this.isAdmin.set(viewer?.isAdmin === true);
      this.kinds.set(providerKinds ?? []);
    });
  }

  /** What a change has made of one of them. */
  told(provider: ProviderStateFragment): void {
    this.providers.update((known) => known?.map((one) => (one.id === provider.id ? newer(one, { ...one, ...provider }) : one)) ?? null);
  }
}
