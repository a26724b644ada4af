import { Component, computed, effect, inject, input, linkedSignal, signal, untracked } from "@angular/core";
import { RouterLink } from "@angular/router";

import { ProjectSettingsDocument, type ProjectSettingsQuery, UpdateProjectDocument } from "../../api/operations";
import { Reading } from "../../core/reading";
import { Sending } from "../../core/send";
import { unsaved } from "../../core/unsaved";
import { confirmed } from "../../parts/confirm";
import { Dialogs } from "../../parts/dialog";
import { Control, Field } from "../../parts/field";
import { Trouble } from "../../parts/trouble";
import { Head } from "../head";

type Services = NonNullable<ProjectSettingsQuery["project"]>["services"];

/** What a project is called, its build services, and its end. */
@Component({
  selector: "alm-settings",
  imports: [Control, Field, RouterLink, Trouble],
  providers: [Sending],
  template: `
    @if (head.edit(); as edit) {
      @if (!edit.allowed && !head.readOnly()) {
        <p class="hint">You can see the settings, and change nothing: {{ edit.reason }}.</p>
      }
    }
    @if (head.project(); as it) {
      <section class="card sheet" aria-labelledby="about">
        <h2 id="about">Name and description</h2>
        <form (submit)="save($event)">
          <alm-field label="Name" [required]="true" [errors]="sending.at('displayName')">
            <input almControl #title required maxlength="200" [readOnly]="!mayEdit()" [value]="displayName()" (input)="displayName.set(title.value)" />
          </alm-field>
          <alm-field label="Description" [errors]="sending.at('description')">
            <textarea
              almControl
              #words
              rows="2"
              maxlength="10000"
              [readOnly]="!mayEdit()"
              [value]="description()"
              (input)="description.set(words.value)"
            ></textarea>
          </alm-field>
          @for (why of sending.at(); track $index) {
            <p role="alert" class="refused">{{ why }}</p>
          }
          @if (saved() && !changed()) {
            <p class="note succeeded" role="status">✓ Saved</p>
          }
          @if (mayEdit()) {
            <button type="submit" [disabled]="sending.busy() || !changed()">{{ sending.busy() ? "Saving…" : "Save" }}</button>
          }
        </form>
      </section>

      <section class="card sheet" aria-labelledby="services">
        <div class="bar">
          <h2 id="services">Build services</h2>
          @if (mayEdit() && !it.isArchived) {
            <a class="button quiet" routerLink="../new-service">Add a build service</a>
          }
        </div>
        <alm-trouble what="The build services" [reading]="reading" />
        @if (services(); as all) {
          <ul class="plainlist">
            @for (service of all; track service.id) {
              <li class="row">
                <span class="grow">
                  <a [routerLink]="service.slug"><strong>{{ service.displayName }}</strong></a>
                  <span class="hint"> {{ service.repository.url }} @ {{ service.repository.ref }} · {{ service.provider.displayName }}</span>
                </span>
              </li>
            } @empty {
              <li class="hint">None yet.</li>
            }
          </ul>
        } @else if (!reading.trouble()) {
          <div class="skeleton" role="status"><span class="unseen">Loading…</span></div>
        }
      </section>

      @if (mayEdit()) {
        <section class="card sheet danger-zone" aria-labelledby="archive">
          <h2 id="archive">{{ it.isArchived ? "Restore" : "Archive" }}</h2>
          <p>
            {{
              it.isArchived
                ? "The project is kept for reference only. Restored, builds can be started again."
                : "An archived project is kept for reference: everything stays readable, nothing can be started. It can be restored."
            }}
          </p>
          <button type="button" [class.danger]="!it.isArchived" [disabled]="sending.busy()" (click)="archive(!it.isArchived)">
            {{ it.isArchived ? "Restore the project" : "Archive the project" }}
          </button>
        </section>
      }
    }
  `,
})
export class Settings {
  private readonly dialogs = inject(Dialogs);
  protected readonly head = inject(Head);
  protected readonly sending = inject(Sending);
  protected readonly reading = new Reading();

  /** Its short name, from the address. */
  readonly project = input.required<string>();

  protected readonly services = signal<Services | null>(null);
  protected readonly saved = signal(false);
  protected readonly mayEdit = computed(() => this.head.edit()?.allowed === true);
  protected readonly displayName = linkedSignal(() => this.head.project()?.displayName ?? "");
  protected readonly description = linkedSignal(() => this.head.project()?.description ?? "");
  protected readonly changed = computed(() => {
    const it = this.head.project();
    return it !== null && (this.displayName() !== it.displayName || this.description() !== (it.description ?? ""));
  });

  constructor() {
    this.head.named("Settings");
    unsaved(() => this.changed());
    effect(() => {
      const slug = this.project();
      untracked(() => this.load(slug));
    });
  }

  private load(slug: string): void {
    this.reading.ask(ProjectSettingsDocument, { slug }, "project", ({ project }) => this.services.set(project?.services ?? null));
  }

  protected async save(event: Event): Promise<void> {
    event.preventDefault();
    const revision = this.head.project()?.revision;
    this.saved.set(await this.update({ displayName: this.displayName().trim(), description: this.description().trim(), expectedRevision: revision }));
  }

  protected archive(archived: boolean): void {
    const words = "Nothing can be started in it until it is restored. Builds that run go on.";
    const name = this.head.project()?.displayName ?? "";
    if (!archived) void this.update({ archived });
    else confirmed(this.dialogs, `Archive ${name}?`, { words, verb: "Archive" }).subscribe((sure) => sure && void this.update({ archived }));
  }

  private async update(changes: { displayName?: string; description?: string; archived?: boolean; expectedRevision?: number }): Promise<boolean> {
    const project = this.head.project();
    if (!project) return false;
    const input = { projectId: project.id, ...changes };
    const told = await this.sending.send(UpdateProjectDocument, { input }, (data) => data.updateProject, ["displayName", "description"]);
    if (told?.project) this.head.told(told.project);
    return told !== null;
  }
}
