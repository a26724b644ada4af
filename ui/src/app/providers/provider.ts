import { Component, computed, effect, inject, input, signal } from "@angular/core";
import { Title } from "@angular/platform-browser";
import { Router, RouterLink } from "@angular/router";

import { type ConfigurationInput, ProbeProviderDocument, RemoveProviderDocument, UpdateProviderDocument } from "../api/operations";
import { Sending } from "../core/send";
import { Unsaved } from "../core/unsaved";
import { confirmed } from "../parts/confirm";
import { Dialogs } from "../parts/dialog";
import { Missing } from "../parts/missing";
import { CAPABILITIES, KINDS, health, probed } from "../parts/provider-names";
import { SettingsForm } from "../parts/settings-form";
import { Ago } from "../parts/time";
import { Trouble } from "../parts/trouble";
import { ProviderList } from "./provider-list";

/** One provider: how it is, what it can do, its settings. */
@Component({
  selector: "alm-provider",
  imports: [Ago, Missing, RouterLink, SettingsForm, Trouble],
  providers: [ProviderList, Sending],
  templateUrl: "./provider.html",
})
export class ProviderPage {
  private readonly dialogs = inject(Dialogs);
  private readonly router = inject(Router);
  private readonly unsaved = inject(Unsaved);
  protected readonly list = inject(ProviderList);
  protected readonly sending = inject(Sending);
  protected readonly kinds = KINDS;
  protected readonly health = health;
  protected readonly probed = probed;

  /** Its short name, from the address. */
  readonly provider = input.required<string>();

  protected readonly shown = computed(() => this.list.providers()?.find((one) => one.slug === this.provider()) ?? null);
  protected readonly kind = computed(() => this.list.kinds()?.find((one) => one.kind === this.shown()?.kind) ?? null);
  protected readonly probing = signal(false);
  protected readonly abilities = computed(() => {
    const able = new Set<string>(this.shown()?.capabilities);
    return CAPABILITIES.map(([name, words]) => ({ name, words, can: able.has(name) }));
  });

  constructor() {
    const title = inject(Title);
    effect(() => title.setTitle(`${this.shown()?.displayName ?? "Provider"} · ALM`));
    this.load();
  }

  protected load(): void {
    this.list.load();
    this.list.loadKinds();
  }

  protected may(action: string) {
    return this.shown()?.actions.find((one) => one.action === action);
  }

  /** Why its settings cannot be changed; null where they can. */
  protected readonly blocked = computed(() => {
    const edit = this.shown()?.actions.find((one) => one.action === "EDIT");
    return edit?.allowed ? null : (edit?.reason ?? "It cannot be changed.");
  });

  protected async probe(): Promise<void> {
    const provider = this.shown();
    if (!provider) return;
    this.probing.set(true);
    const input = { providerId: provider.id };
    const told = await this.sending.send(ProbeProviderDocument, { input }, (data) => data.probeProvider);
    this.probing.set(false);
    if (told?.provider) this.list.told(told.provider);
  }

  protected async switch(enabled: boolean): Promise<void> {
    const provider = this.shown();
    if (!provider) return;
    const input = { providerId: provider.id, enabled };
    const told = await this.sending.send(UpdateProviderDocument, { input }, (data) => data.updateProvider);
    if (told?.provider) this.list.told(told.provider);
  }

  protected readonly save = async (sending: Sending, configuration: ConfigurationInput[], fields: readonly string[]): Promise<boolean> => {
    const provider = this.shown();
    if (!provider) return false;
    const input = { providerId: provider.id, configuration, expectedRevision: provider.revision };
    const told = await sending.send(
      UpdateProviderDocument,
      { input },
      (data) => data.updateProvider,
      fields,
      (path) => (path[0] === "settings" ? ["configuration", ...path.slice(1)] : path),
    );
    if (told?.provider) this.list.told(told.provider);
    return told !== null;
  };

  protected remove(): void {
    const provider = this.shown();
    if (!provider) return;
    const words = "Build services can no longer use it. Nothing at the backend itself is touched.";
    confirmed(this.dialogs, `Remove ${provider.displayName}?`, { words, verb: "Remove" }).subscribe(async (sure) => {
      if (!sure) return;
      const input = { providerId: provider.id };
      const told = await this.sending.send(RemoveProviderDocument, { input }, (data) => data.removeProvider);
      if (!told) return;
      this.unsaved.forget();
      void this.router.navigate(["/providers"]);
    });
  }
}
