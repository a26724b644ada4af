import { Component, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { RouterLink } from "@angular/router";

import {
  type EnvironmentBitsFragment,
  EnvironmentsDocument,
  RemoveEnvironmentDocument,
  UpdateEnvironmentDocument,
} from "../../api/operations";
import { Reading } from "../../core/reading";
import { Sending } from "../../core/send";
import { confirmed } from "../../parts/confirm";
import { Dialogs } from "../../parts/dialog";
import { Trouble } from "../../parts/trouble";
import { Head } from "../head";
import { EnvironmentDialog, type Subject } from "./environment-dialog";
import { MODES } from "./modes";

/** The environments of a project: where builds run, and where versions go, in the order of promotion. */
@Component({
  selector: "alm-manage-environments",
  imports: [RouterLink, Trouble],
  providers: [Sending],
  templateUrl: "./manage.html",
})
export class ManageEnvironments {
  private readonly dialogs = inject(Dialogs);
  protected readonly head = inject(Head);
  protected readonly sending = inject(Sending);
  protected readonly reading = new Reading();
  protected readonly modes = MODES;

  /** Short name of the project, from the address. */
  readonly project = input.required<string>();

  protected readonly all = signal<readonly EnvironmentBitsFragment[] | null>(null);
  protected readonly targets = computed(() => this.all()?.filter((one) => one.role === "TARGET") ?? []);
  protected readonly builder = computed(() => this.all()?.find((one) => one.role === "BUILD"));
  protected readonly mayAdd = computed(() => this.head.project()?.actions.find((one) => one.action === "EDIT"));

  constructor() {
    this.head.named("Manage environments");
    effect(() => {
      const slug = this.project();
      untracked(() => this.load(slug));
    });
  }

  private load(slug: string): void {
    this.reading.ask(EnvironmentsDocument, { slug }, "project", ({ project }) => this.all.set(project?.environments ?? []));
  }

  protected may(environment: EnvironmentBitsFragment, action: string) {
    return environment.actions.find((one) => one.action === action);
  }

  protected edit(environment: EnvironmentBitsFragment | null): void {
    const project = this.head.project();
    if (!project) return;
    const title = environment ? `Settings of ${environment.displayName}` : "Add an environment";
    const data: Subject = { projectId: project.id, environment, hasBuilder: this.builder() !== undefined };
    this.dialogs.open<EnvironmentBitsFragment, Subject, EnvironmentDialog>(EnvironmentDialog, title, data).subscribe((told) => {
      // The others may have moved.
      if (told) this.load(this.project());
    });
  }

  /** Moves a target one place on; the others give way. */
  protected async move(environment: EnvironmentBitsFragment, by: -1 | 1): Promise<void> {
    const input = { environmentId: environment.id, position: environment.position + by, expectedRevision: environment.revision };
    const told = await this.sending.send(UpdateEnvironmentDocument, { input }, (data) => data.updateEnvironment);
    if (told) this.load(this.project());
  }

  protected remove(environment: EnvironmentBitsFragment): void {
    const words = `What runs there is left alone. What people have connected to ${environment.displayName} is forgotten.`;
    const doubt = { words, verb: "Remove", typed: environment.name };
    confirmed(this.dialogs, `Remove ${environment.displayName}`, doubt).subscribe(async (wanted) => {
      if (!wanted) return;
      const input = { environmentId: environment.id, expectedRevision: environment.revision };
      const told = await this.sending.send(RemoveEnvironmentDocument, { input }, (data) => data.removeEnvironment);
      if (told) this.load(this.project());
    });
  }
}
