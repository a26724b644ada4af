import { Injectable, inject, signal } from "@angular/core";
import { createClient } from "graphql-ws";

import { Documents } from "./documents";
import { Session } from "./session";

/** What the pill in the header says. */
export type Connection =
  | { readonly state: "idle" | "live" }
  | { readonly state: "reconnecting" | "offline"; readonly since: number };

/** Said only after so long, in milliseconds: most losses are mended before anybody would have noticed. */
const QUIETLY = 3_000;
const OFFLINE = 20_000;

/** The one websocket of the page. It does not reconnect by itself: each stream asks again from where it was. */
@Injectable({ providedIn: "root" })
export class Socket {
  private readonly session = inject(Session);
  private token: string | null = null;
  private lost: number | null = null;
  private timers: ReturnType<typeof setTimeout>[] = [];

  /** What is sent by its hash, on this socket and beside it. */
  readonly documents = new Documents();
  readonly connection = signal<Connection>({ state: "idle" });

  readonly client = createClient({
    url: () => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
    connectionParams: () => ({ token: (this.token = this.session.token()) }),
    retryAttempts: 0,
    lazyCloseTimeout: 1_000,
    keepAlive: 10_000,
    jsonMessageReplacer: (key, value) => (key === "payload" && value?.query ? this.documents.named(value) : value),
    on: {
      connected: () => this.found(),
      closed: (event) => this.closed(event as CloseEvent),
    },
  });

  /** A stream has ended because the socket was lost. */
  missed(): void {
    if (this.lost !== null) return;
    const since = (this.lost = Date.now());
    const say = (state: "reconnecting" | "offline") => () => this.connection.set({ state, since });
    this.timers = [setTimeout(say("reconnecting"), QUIETLY), setTimeout(say("offline"), OFFLINE)];
  }

  private found(): void {
    this.timers.forEach(clearTimeout);
    this.timers = [];
    this.lost = null;
    this.connection.set({ state: "live" });
  }

  private closed(event: CloseEvent): void {
    if (event.code === 4403 || event.code === 4401) this.session.refused(this.token);
    if (event.code === 1000 && this.lost === null) this.connection.set({ state: "idle" });
  }
}
