import { Component, computed, inject, input, signal } from "@angular/core";
import { RouterLink } from "@angular/router";

import { CreateBuildServiceDocument, type ServiceCardFragment, ServiceFormDocument, type ServiceFormQuery } from "../api/operations";
import { Reading } from "../core/reading";
import { Sending } from "../core/send";
import { Arrive } from "../parts/arrive";
import { Control, Field } from "../parts/field";
import { Names } from "../parts/names";
import { CAPABILITIES, KINDS, health } from "../parts/provider-names";
import { type Answers, settingInputs, settingQuestions } from "../parts/question";
import { Questions, complete } from "../parts/questions";
import { repositoryName } from "../parts/repository";
import { slugOf } from "../parts/slug";
import { Trouble } from "../parts/trouble";
import { Head } from "../project/head";
import { Start } from "../project/start/start";

type Providers = NonNullable<ServiceFormQuery["providers"]>["edges"][number]["node"][];

/** What is worth knowing when a provider is chosen. */
const TOLD = new Set(["STAGES", "PARALLEL_STAGES", "PARAMETERS", "APPROVALS", "RERUN_FROM_STAGE", "ARTIFACTS", "SECRETS", "DEPLOY"]);

/** A new build service of a project: where it runs, what it builds, its settings; checked by the server before it is made. */
@Component({
  selector: "alm-new-service",
  imports: [Arrive, Control, Field, Names, Questions, RouterLink, Start, Trouble],
  providers: [Sending],
  templateUrl: "./new-service.html",
})
export class NewService {
  protected readonly head = inject(Head);
  protected readonly sending = inject(Sending);
  protected readonly reading = new Reading();
  protected readonly kinds = KINDS;
  protected readonly health = health;

  /** The project's short name, from the address. */
  readonly project = input.required<string>();

  protected readonly providers = signal<Providers | null>(null);
  private readonly withToken = signal<ReadonlySet<string>>(new Set());
  protected readonly provider = signal<string | null>(null);
  protected readonly url = signal("");
  protected readonly reference = signal("HEAD");
  protected readonly directory = signal("");
  private readonly ownName = signal<string | null>(null);
  private readonly ownSlug = signal<string | null>(null);
  protected readonly answers = signal<Answers>({});
  protected readonly tried = signal(false);
  /** Checked by the server, as it stands. */
  protected readonly fits = signal(false);
  protected readonly made = signal<ServiceCardFragment | null>(null);

  protected readonly chosen = computed(() => this.providers()?.find((one) => one.id === this.provider()) ?? null);
  protected readonly displayName = computed(() => this.ownName() ?? repositoryName(this.url()));
  protected readonly slug = computed(() => this.ownSlug() ?? slugOf(this.displayName()));
  protected readonly settings = computed(() => {
    const provider = this.chosen();
    if (!provider) return [];
    const inherited = Object.fromEntries(provider.configuration.map(({ key, value }) => [key, value]));
    return settingQuestions(provider.configurationSchema, inherited);
  });

  protected readonly settingsRefused = computed(() => this.settings().some(({ name }) => this.sending.at(`configuration/${name}`).length > 0));

  constructor() {
    this.head.named("New build service");
    this.reading.ask(ServiceFormDocument, {}, ["providers", "providerKinds"], ({ providers, providerKinds }) => {
      const all = providers?.edges.map((edge) => edge.node) ?? [];
      this.withToken.set(new Set(providerKinds?.filter((one) => one.needsToken).map((one) => one.kind)));
      this.providers.set(all);
      if (all.length === 1) this.provider.set(all[0]?.id ?? null);
    });
  }

  protected needsToken(kind: string): boolean {
    return this.withToken().has(kind);
  }

  protected abilities(capabilities: readonly string[]): string[] {
    return CAPABILITIES.filter(([name]) => TOLD.has(name) && capabilities.includes(name)).map(([, words]) => words);
  }

  /** Something was changed: what the server has said holds no longer. */
  protected changed(): void {
    this.fits.set(false);
  }

  protected name(text: string): void {
    this.ownName.set(text);
    this.changed();
  }

  protected short(text: string): void {
    this.ownSlug.set(text);
    this.changed();
  }

  protected async save(event: Event, form: HTMLFormElement, validateOnly: boolean): Promise<void> {
    event.preventDefault();
    this.tried.set(true);
    const [project, provider] = [this.head.project(), this.chosen()];
    if (!form.reportValidity() || !complete(this.settings(), this.answers()) || !project || !provider) return;
    const input = {
      projectId: project.id,
      providerId: provider.id,
      slug: this.slug(),
      displayName: this.displayName().trim(),
      repository: { url: this.url().trim(), ref: this.reference().trim(), directory: this.directory().trim() || null },
      configuration: settingInputs(this.settings(), {}, this.answers()),
      validateOnly,
    };
    const fields = ["providerId", "slug", "displayName", "repository/url", "repository/ref", "repository/directory"];
    const settings = this.settings().map(({ name }) => `configuration/${name}`);
    const told = await this.sending.send(
      CreateBuildServiceDocument,
      { input },
      (data) => data.createBuildService,
      [...fields, ...settings],
      engineNames,
    );
    if (validateOnly) this.fits.set(told !== null);
    else if (told?.service) this.made.set(told.service);
  }
}

/** Providers name what they refuse by their own words for the same things. */
export function engineNames(path: readonly string[]): readonly string[] {
  if (path[0] === "settings") return ["configuration", ...path.slice(1)];
  if (path[0] === "repository" && path[1] === "reference") return ["repository", "ref"];
  return path;
}
