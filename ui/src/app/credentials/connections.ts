import { Injectable, computed, effect, inject, signal, untracked } from "@angular/core";
import { Apollo } from "apollo-angular";
import { firstValueFrom } from "rxjs";

import {
  ConnectDocument,
  DisconnectDocument,
  type GrantBitsFragment,
  RenewConnectionDocument,
  ViewerLiveDocument,
} from "../api/operations";
import { Follow } from "../core/follow";
import { Session } from "../core/session";
import { problem } from "../parts/problem";
import { type Grants, folded, newest } from "./connections-state";

type Grant = GrantBitsFragment;

/** The caller's accounts at environments, always as they stand now: the one stream of the shell. */
@Injectable({ providedIn: "root" })
export class Connections {
  private readonly apollo = inject(Apollo);
  private readonly follow = inject(Follow);
  private readonly session = inject(Session);

  private readonly grants = signal<Grants>(new Map());
  /** Whether the stream has said how things stand. */
  readonly isKnown = signal(false);
  readonly trouble = signal<string | null>(null);
  readonly all = computed(() => [...this.grants().values()]);

  constructor() {
    effect((clean) => {
      if (!this.session.token()) return;
      const live = untracked(() => this.listen());
      clean(() => {
        live.unsubscribe();
        this.grants.set(new Map());
        this.isKnown.set(false);
      });
    });
  }

  /** The newest picture of an account, of the one that a page was given and the one that the stream told. */
  newest(given: Grant | null | undefined): Grant | null {
    if (!given) return null;
    return newest(this.grants().get(given.environment.id), given);
  }

  /** Leaves for the sign-in page of an environment; it comes back to this page. Why not, if it cannot. */
  async connect(environmentId: string, returnTo = location.pathname + location.search + location.hash): Promise<readonly string[]> {
    try {
      const input = { environmentId, returnTo };
      const { data } = await firstValueFrom(this.apollo.mutate({ mutation: ConnectDocument, variables: { input } }));
      const { authorizationUrl: url, userErrors } = data?.startOAuthConnection ?? {};
      if (url) location.assign(url);
      return userErrors?.map((error) => error.message) ?? [];
    } catch (error) {
      return [problem(error)];
    }
  }

  /** Renews an account without the person, or checks it. Why not, if it cannot. */
  async renew(connectionId: string): Promise<readonly string[]> {
    try {
      const variables = { input: { connectionId } };
      const { data } = await firstValueFrom(this.apollo.mutate({ mutation: RenewConnectionDocument, variables }));
      this.told(data?.renewOAuthConnection?.connection);
      return data?.renewOAuthConnection?.userErrors.map((error) => error.message) ?? [];
    } catch (error) {
      return [problem(error)];
    }
  }

  /** Forgets an account. What is left of it over there, if anything, or why it cannot. */
  async disconnect(connectionId: string): Promise<{ leftBehind?: string | null; refused: readonly string[] }> {
    try {
      const variables = { input: { connectionId } };
      const { data } = await firstValueFrom(this.apollo.mutate({ mutation: DisconnectDocument, variables }));
      const payload = data?.disconnectOAuthConnection;
      this.told(payload?.connection);
      return { leftBehind: payload?.leftBehind, refused: payload?.userErrors.map((error) => error.message) ?? [] };
    } catch (error) {
      return { refused: [problem(error)] };
    }
  }

  private told(grant: Grant | null | undefined): void {
    if (grant) this.grants.update((known) => folded(known, { __typename: "ConnectionChanged", connection: grant }));
  }

  private listen() {
    return this.follow.events(ViewerLiveDocument, {}, (data) => data.viewerUpdates).subscribe({
      next: (event) => {
        this.grants.update((known) => folded(known, event));
        this.trouble.set(null);
        if (event.__typename === "ViewerSnapshot") this.isKnown.set(true);
      },
      error: (error: unknown) => this.trouble.set(problem(error)),
    });
  }
}
