import { Component, type WritableSignal, computed, inject, signal } from "@angular/core";

import { CreateTokenDocument, RevokeTokenDocument, type TokenBitsFragment, type TokenScope, TokensDocument, type TokensQuery } from "../api/operations";
import { Clock } from "../core/clock";
import { Reading } from "../core/reading";
import { Sending } from "../core/send";
import { Arrive } from "../parts/arrive";
import { confirmed } from "../parts/confirm";
import { Copy } from "../parts/copy";
import { Dialogs } from "../parts/dialog";
import { Control, Field } from "../parts/field";
import { Ago } from "../parts/time";
import { Trouble } from "../parts/trouble";

const SCOPES: readonly { readonly scope: TokenScope; readonly name: string; readonly may: string }[] = [
  { scope: "READ", name: "Read", may: "see what you see" },
  { scope: "WRITE", name: "Write", may: "start and cancel builds, answer approvals, deploy" },
  { scope: "MANAGE", name: "Manage", may: "change projects, build services, environments, members" },
  { scope: "ADMIN", name: "Administer", may: "register providers, see the whole audit trail" },
];
const DAYS = [7, 30, 90, 365];
const USUAL = 30;
const DAY = 24 * 3_600_000;

/** Tokens that people make for their programs. */
@Component({
  selector: "alm-tokens",
  imports: [Ago, Arrive, Control, Copy, Field, Trouble],
  providers: [Sending],
  templateUrl: "./tokens.html",
})
export class Tokens {
  private readonly clock = inject(Clock);
  private readonly dialogs = inject(Dialogs);
  protected readonly sending = inject(Sending);
  protected readonly reading = new Reading();
  protected readonly days = DAYS;
  protected readonly usual = USUAL;

  protected readonly viewer = signal<TokensQuery["viewer"]>(null);
  protected readonly projects = signal<readonly { readonly id: string; readonly displayName: string }[]>([]);
  protected readonly scopes = signal<ReadonlySet<TokenScope>>(new Set(["READ"]));
  protected readonly only = signal<ReadonlySet<string>>(new Set());
  protected readonly name = signal("");
  protected readonly tried = signal(false);
  protected readonly nameless = computed(() => this.tried() && this.name().trim() === "");
  /** The token that was just made. It is in this page alone, until it is left. */
  protected readonly made = signal<{ readonly name: string; readonly token: string } | null>(null);
  protected readonly all = computed(() => SCOPES.filter(({ scope }) => scope !== "ADMIN" || this.viewer()?.isAdmin));

  constructor() {
    this.reading.ask(TokensDocument, {}, ["viewer", "projects"], ({ viewer, projects }) => {
      this.viewer.set(viewer ?? null);
      this.projects.set(projects?.edges.map((edge) => edge.node) ?? []);
    });
  }

  protected names(token: TokenBitsFragment): string {
    return token.scopes.map((scope) => SCOPES.find((one) => one.scope === scope)?.name ?? scope).join(", ");
  }

  protected within(token: TokenBitsFragment): string {
    if (!token.projectIds) return "all projects";
    const known = token.projectIds.map((id) => this.projects().find((one) => one.id === id)?.displayName ?? id);
    return known.join(", ");
  }

  protected toggle<One>(set: WritableSignal<ReadonlySet<One>>, one: One, isOn: boolean): void {
    set.update((all) => {
      const next = new Set(all);
      if (isOn) next.add(one);
      else next.delete(one);
      return next;
    });
  }

  protected async create(event: Event, title: HTMLInputElement, days: HTMLSelectElement): Promise<void> {
    event.preventDefault();
    this.made.set(null);
    this.tried.set(true);
    if (this.nameless()) return title.focus();
    if (this.scopes().size === 0) return;
    // A minute less, so that a year from here is none too much for the server's clock.
    const expiresAt = new Date(this.clock.now() + Number(days.value) * DAY - 60_000).toISOString();
    const projectIds = this.only().size > 0 ? [...this.only()] : null;
    const input = { name: this.name().trim(), scopes: [...this.scopes()], projectIds, expiresAt };
    const fields = ["name", "scopes", "projectIds", "expiresAt"];
    const told = await this.sending.send(CreateTokenDocument, { input }, (data) => data.createPersonalToken, fields);
    const { token, personalToken } = told ?? {};
    if (!token || !personalToken) return;
    this.made.set({ name: personalToken.name, token });
    this.viewer.update((viewer) => viewer && { ...viewer, personalTokens: [personalToken, ...viewer.personalTokens] });
    this.tried.set(false);
    this.name.set("");
    days.value = String(USUAL);
    this.scopes.set(new Set(["READ"]));
    this.only.set(new Set());
  }

  protected revoke(token: TokenBitsFragment): void {
    const words = "Whoever uses it is refused from now on. This cannot be undone.";
    confirmed(this.dialogs, `Revoke ${token.name}?`, { words, verb: "Revoke" }).subscribe(async (sure) => {
      if (!sure) return;
      const told = await this.sending.send(RevokeTokenDocument, { input: { personalTokenId: token.id } }, (data) => data.revokePersonalToken);
      if (!told) return;
      this.viewer.update((viewer) => viewer && { ...viewer, personalTokens: viewer.personalTokens.filter(({ id }) => id !== token.id) });
    });
  }
}
