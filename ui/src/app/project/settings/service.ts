import { Component, computed, effect, inject, input, linkedSignal, signal, untracked } from "@angular/core";
import { Router, RouterLink } from "@angular/router";

import {
  type ConfigurationInput,
  ProjectSettingsDocument,
  type ProjectSettingsQuery,
  RemoveBuildServiceDocument,
  ServiceSettingsDocument,
  type ServiceSettingsBitsFragment,
  UpdateBuildServiceDocument,
} from "../../api/operations";
import { Reading } from "../../core/reading";
import { Sending } from "../../core/send";
import { Unsaved, unsaved } from "../../core/unsaved";
import { engineNames } from "../../create/new-service";
import { confirmed } from "../../parts/confirm";
import { Dialogs } from "../../parts/dialog";
import { Control, Field } from "../../parts/field";
import { Missing } from "../../parts/missing";
import { SettingsForm } from "../../parts/settings-form";
import { Trouble } from "../../parts/trouble";
import { Head } from "../head";
import { Secrets } from "./secrets";
import { UsedEnvironments } from "./used-environments";

/** One build service: what it builds, its secrets, its settings, its end. */
@Component({
  selector: "alm-service-settings",
  imports: [Control, Field, Missing, RouterLink, Secrets, SettingsForm, Trouble, UsedEnvironments],
  providers: [Sending],
  templateUrl: "./service.html",
})
export class ServiceSettings {
  private readonly dialogs = inject(Dialogs);
  private readonly router = inject(Router);
  private readonly unsaved = inject(Unsaved);
  protected readonly head = inject(Head);
  protected readonly sending = inject(Sending);
  protected readonly reading = new Reading();

  /** Short names, from the address. */
  readonly project = input.required<string>();
  readonly service = input.required<string>();

  protected readonly shown = signal<ServiceSettingsBitsFragment | null>(null);
  protected readonly environments = signal<NonNullable<ProjectSettingsQuery["project"]>["environments"]>([]);
  protected readonly gone = signal(false);
  protected readonly saved = signal(false);
  /** What the removed build service has left at its engine, in words. */
  protected readonly left = signal<string | null>(null);

  protected readonly displayName = linkedSignal(() => this.shown()?.displayName ?? "");
  protected readonly url = linkedSignal(() => this.shown()?.repository.url ?? "");
  protected readonly reference = linkedSignal(() => this.shown()?.repository.ref ?? "");
  protected readonly directory = linkedSignal(() => this.shown()?.repository.directory ?? "");
  private readonly moved = computed(() => {
    const it = this.shown();
    return (
      it !== null &&
      (this.url() !== it.repository.url || this.reference() !== it.repository.ref || this.directory() !== (it.repository.directory ?? ""))
    );
  });
  protected readonly changed = computed(() => this.moved() || this.displayName() !== (this.shown()?.displayName ?? ""));
  /** The repository that the engine has, where it is another one. */
  protected readonly elsewhere = computed(() => this.shown()?.atEngine?.repository ?? null);
  /** Whether saving puts this repository in the place of the engine's. */
  protected readonly canBringBack = computed(() => this.elsewhere() !== null && this.shown()?.atEngine?.isAdopted === false);
  /** Why it cannot be changed; null where it can. */
  protected readonly blocked = computed(() => {
    const edit = this.may("EDIT");
    return edit?.allowed ? null : (edit?.reason ?? "It cannot be changed.");
  });
  protected readonly inherited = computed(() => {
    const entries = this.shown()?.provider.configuration ?? [];
    return Object.fromEntries(entries.map(({ key, value }) => [key, value]));
  });

  constructor() {
    this.head.named("Build service");
    unsaved(() => this.changed());
    effect(() => {
      const [project, service] = [this.project(), this.service()];
      untracked(() => this.load(project, service));
    });
  }

  protected may(action: string) {
    return this.shown()?.actions.find((one) => one.action === action);
  }

  private load(slug: string, service: string): void {
    this.shown.set(null);
    this.gone.set(false);
    this.left.set(null);
    this.reading.ask(ProjectSettingsDocument, { slug }, "project", ({ project }) => {
      this.environments.set(project?.environments ?? []);
      const id = project?.services.find((one) => one.slug === service)?.id;
      if (!id) return this.gone.set(true);
      this.read(id);
    });
  }

  protected read(id: string): void {
    this.reading.ask(ServiceSettingsDocument, { id }, "node", ({ node }) => {
      if (node?.__typename === "BuildService") this.shown.set(node);
      else this.gone.set(true);
    });
  }

  protected told(service: ServiceSettingsBitsFragment): void {
    this.shown.update((known) => (known && known.revision > service.revision ? known : service));
  }

  protected async save(event: Event): Promise<void> {
    event.preventDefault();
    const it = this.shown();
    if (!it) return;
    const place = { url: this.url().trim(), ref: this.reference().trim(), directory: this.directory().trim() || null };
    // What is not sent stays as it is at the engine, whoever changed it there.
    const repository = this.moved() || this.canBringBack() ? place : undefined;
    const input = { serviceId: it.id, displayName: this.displayName().trim(), repository, expectedRevision: it.revision };
    const fields = ["displayName", "repository/url", "repository/ref", "repository/directory"];
    const told = await this.sending.send(UpdateBuildServiceDocument, { input }, (data) => data.updateBuildService, fields, engineNames);
    if (told?.service) this.told(told.service);
    this.saved.set(told !== null);
  }

  protected readonly configure = async (sending: Sending, configuration: ConfigurationInput[], fields: readonly string[]): Promise<boolean> => {
    const it = this.shown();
    if (!it) return false;
    const input = { serviceId: it.id, configuration, expectedRevision: it.revision };
    const told = await sending.send(UpdateBuildServiceDocument, { input }, (data) => data.updateBuildService, fields, engineNames);
    if (told?.service) this.told(told.service);
    return told !== null;
  };

  protected remove(): void {
    const it = this.shown();
    if (!it) return;
    const words = "Its builds stay readable, and its short name is not used again. It cannot be brought back.";
    confirmed(this.dialogs, `Remove ${it.displayName}?`, { words, verb: "Remove", typed: it.slug }).subscribe(async (sure) => {
      if (!sure) return;
      const input = { serviceId: it.id, expectedRevision: it.revision };
      const told = await this.sending.send(RemoveBuildServiceDocument, { input }, (data) => data.removeBuildService);
      if (!told) return;
      this.unsaved.forget();
      if (told.leftBehind) return this.left.set(told.leftBehind);
      void this.router.navigate(["/projects", this.project(), "settings"]);
    });
  }
}
