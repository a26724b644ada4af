import { Component, computed, inject, signal } from "@angular/core";
import { Router, RouterLink } from "@angular/router";

import { RegisterProviderDocument } from "../api/operations";
import { Sending } from "../core/send";
import { Control, Field } from "../parts/field";
import { Names } from "../parts/names";
import { CAPABILITIES, KINDS, health } from "../parts/provider-names";
import { type Answers, settingInputs, settingQuestions } from "../parts/question";
import { Questions, complete, names } from "../parts/questions";
import { slugOf } from "../parts/slug";
import { Trouble } from "../parts/trouble";
import { ProviderList } from "./provider-list";

interface Probed {
  readonly state: string;
  readonly message?: string | null;
}

/** A provider joins: its family, its address and settings, a probe, and then it is registered. */
@Component({
  selector: "alm-register",
  imports: [Control, Field, Names, Questions, RouterLink, Trouble],
  providers: [ProviderList, Sending],
  templateUrl: "./register.html",
})
export class Register {
  private readonly router = inject(Router);
  protected readonly list = inject(ProviderList);
  protected readonly sending = inject(Sending);
  protected readonly words = KINDS;
  protected readonly health = health;

  protected readonly kind = signal<string | null>(null);
  protected readonly endpoint = signal("");
  private readonly ownName = signal<string | null>(null);
  private readonly ownSlug = signal<string | null>(null);
  protected readonly answers = signal<Answers>({});
  protected readonly tried = signal(false);
  /** What the probe has said of it as it stands. */
  protected readonly probed = signal<Probed | null>(null);

  protected readonly chosen = computed(() => this.list.kinds()?.find((one) => one.kind === this.kind()) ?? null);
  protected readonly settings = computed(() => settingQuestions(this.chosen()?.configurationSchema));
  protected readonly settingsRefused = computed(() => this.settings().some(({ name }) => this.sending.at(`configuration/${name}`).length > 0));
  protected readonly displayName = computed(() => this.ownName() ?? this.suggested());
  protected readonly slug = computed(() => this.ownSlug() ?? slugOf(this.displayName()));

  constructor() {
    this.list.loadKinds();
  }

  protected abilities(capabilities: readonly string[]): string[] {
    return CAPABILITIES.filter(([name]) => capabilities.includes(name)).map(([, words]) => words);
  }

  protected choose(kind: string): void {
    this.kind.set(kind);
    this.answers.set({});
    this.sending.clear();
  }

  protected name(text: string): void {
    this.ownName.set(text);
  }

  protected short(text: string): void {
    this.ownSlug.set(text);
  }

  /** Probes it as it stands; registers it where that is wanted. */
  protected async send(event: Event, form: HTMLFormElement, validateOnly: boolean): Promise<void> {
    event.preventDefault();
    this.tried.set(true);
    const kind = this.chosen();
    if (!form.reportValidity() || !complete(this.settings(), this.answers()) || !kind) return;
    const input = {
      kind: kind.kind,
      slug: this.slug(),
      displayName: this.displayName().trim(),
      endpoint: kind.hasEndpoint ? this.endpoint().trim() : null,
      configuration: settingInputs(this.settings(), {}, this.answers()),
      validateOnly,
    };
    const fields = ["kind", "slug", "displayName", "endpoint", ...names(this.settings(), "configuration/")];
    const told = await this.sending.send(
      RegisterProviderDocument,
      { input },
      (data) => data.registerProvider,
      fields,
      (path) => (path[0] === "settings" ? ["configuration", ...path.slice(1)] : path),
    );
    if (validateOnly) this.probed.set(told?.health ?? null);
    else if (told?.provider) void this.router.navigate(["/providers", told.provider.slug]);
  }

  private suggested(): string {
    const kind = this.kind();
    const host = this.chosen()?.hasEndpoint && URL.canParse(this.endpoint()) ? new URL(this.endpoint()).hostname : "";
    return kind ? [KINDS[kind] ?? kind, host].filter(Boolean).join(" ") : "";
  }
}
