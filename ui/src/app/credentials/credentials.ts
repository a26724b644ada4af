import { Component, computed, inject, signal } from "@angular/core";
import { Title } from "@angular/platform-browser";
import { RouterLink } from "@angular/router";

import { type ConnectionBitsFragment, DisconnectDocument, RenewConnectionDocument, UnconnectedDocument, type UnconnectedQuery } from "../api/operations";
import { Awaited } from "../build/awaited";
import { Reading } from "../core/reading";
import { Sending } from "../core/send";
import { Viewer } from "../core/viewer";
import { confirmed } from "../parts/confirm";
import { Dialogs } from "../parts/dialog";
import { Status } from "../parts/status";
import { Ago } from "../parts/time";
import { Trouble } from "../parts/trouble";
import { Connect } from "./connect";
import { byUrgency, works } from "./urgency";

type Project = NonNullable<UnconnectedQuery["projects"]>["edges"][number]["node"];

/** The caller's accounts at environments: how each stands, until when, and what can be done about it. */
@Component({
  selector: "alm-credentials",
  imports: [RouterLink, Status, Ago, Awaited, Connect, Trouble],
  providers: [Sending],
  templateUrl: "./credentials.html",
})
export class Credentials {
  private readonly dialogs = inject(Dialogs);
  protected readonly viewer = inject(Viewer);
  protected readonly sending = inject(Sending);

  protected readonly reading = new Reading();

  protected readonly here = "/ui/credentials";
  /** Those in which the reader builds, as they were when this page came. */
  private readonly projects = signal<readonly Project[]>([]);
  /** What the reader has started, and waits for an account. */
  protected readonly held = computed(() =>
    this.projects()
      .flatMap((project) =>
        project.builds.edges.map(({ node }) => ({ project, build: node, accounts: node.waitsFor.filter(({ owner }) => this.viewer.is(owner)) })),
      )
      .filter(({ accounts }) => accounts.length > 0),
  );
  /** Where an account may be wanted one day. */
  protected readonly unconnected = computed(() => {
    const known = new Set(this.all().map(({ environment }) => environment.id));
    for (const { accounts } of this.held()) for (const { environment } of accounts) known.add(environment.id);
    return this.projects()
      .flatMap(({ environments }) => environments.flatMap(({ connection }) => connection ?? []))
      .filter(({ status, isOwnToken }) => status === "NOT_CONNECTED" && !isOwnToken).filter(({ environment }) => !known.has(environment.id));
  });
  /** The account that was asked about last, and what is to be said of it. */
  protected readonly about = signal<{ readonly id: string; readonly words: string | null } | null>(null);
  protected readonly all = computed(() => [...this.viewer.connections()].sort(byUrgency));
  protected readonly works = works;

  constructor() {
    inject(Title).setTitle("Credentials · ALM");
    this.reading.ask(UnconnectedDocument, {}, "projects", ({ projects }) => {
      // Whoever only looks around in a project needs none.
      const mine = projects?.edges.map((edge) => edge.node).filter(({ viewerRole }) => viewerRole === "DEVELOPER" || viewerRole === "OWNER") ?? [];
      this.projects.set(mine);
    });
  }

  protected exact(at: string): string {
    return new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  }

  /** What renewing means for it; null where only the person can do something. */
  protected renewal(grant: ConnectionBitsFragment): string | null {
    if (grant.isOwnToken || !(works(grant) || grant.status === "ERROR")) return null;
    return grant.renewsItself ? "Renew now" : "Check now";
  }

  protected async renew(grant: ConnectionBitsFragment): Promise<void> {
    this.about.set({ id: grant.id, words: null });
    const variables = { input: { connectionId: grant.id } };
    const told = await this.sending.send(RenewConnectionDocument, variables, (data) => data.renewOAuthConnection);
    if (told) this.about.set({ id: grant.id, words: grant.renewsItself ? "Renewed." : "Checked: it works." });
  }

  protected disconnect(grant: ConnectionBitsFragment): void {
    const place = grant.environment.displayName;
    const words = `Builds that need your account ${grant.account ?? ""} at ${place} wait until it is connected again.`;
    confirmed(this.dialogs, `Disconnect the account at ${place}`, { words, verb: "Disconnect" }).subscribe(async (wanted) => {
      if (!wanted) return;
      this.about.set({ id: grant.id, words: null });
      const variables = { input: { connectionId: grant.id } };
      const told = await this.sending.send(DisconnectDocument, variables, (data) => data.disconnectOAuthConnection);
      if (told) this.about.set({ id: grant.id, words: told.leftBehind ?? "Disconnected." });
    });
  }
}
