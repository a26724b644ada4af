import { Component, inject, signal } from "@angular/core";
import { Router, RouterLink } from "@angular/router";

import { CreateProjectDocument } from "../api/operations";
import { Sending } from "../core/send";
import { Control, Field } from "../parts/field";
import { Names } from "../parts/names";
import { slugOf } from "../parts/slug";

/** A new project; its build services come next. */
@Component({
  selector: "alm-new-project",
  imports: [Control, Field, Names, RouterLink],
  providers: [Sending],
  template: `
    <nav class="crumbs" aria-label="Where you are"><a routerLink="/">Projects</a> › New</nav>
    <h1>Create a project</h1>
    <form class="card sheet" (submit)="create($event)">
      <p class="hint">A project holds build services, environments and the people who work with them. You become its owner.</p>
      <alm-names [displayName]="displayName()" [slug]="slug()" [sending]="sending" (named)="displayName.set($event)" (shortened)="own.set($event)" />
      <alm-field label="Description" [errors]="sending.at('description')">
        <textarea almControl #words rows="2" maxlength="10000" [value]="description()" (input)="description.set(words.value)"></textarea>
      </alm-field>
      @for (why of sending.at(); track $index) {
        <p role="alert" class="refused">{{ why }}</p>
      }
      <div class="bar">
        <button type="submit" [disabled]="sending.busy()">{{ sending.busy() ? "Creating…" : "Create project" }}</button>
        <a class="button quiet" routerLink="/">Cancel</a>
      </div>
    </form>
  `,
})
export class NewProject {
  private readonly router = inject(Router);
  protected readonly sending = inject(Sending);

  protected readonly displayName = signal("");
  protected readonly description = signal("");
  /** The short name that somebody has typed; until then it follows the name. */
  protected readonly own = signal<string | null>(null);

  protected slug(): string {
    return this.own() ?? slugOf(this.displayName());
  }

  protected async create(event: Event): Promise<void> {
    event.preventDefault();
    const input = { displayName: this.displayName().trim(), slug: this.slug(), description: this.description().trim() || null };
    const fields = ["displayName", "slug", "description"];
    const told = await this.sending.send(CreateProjectDocument, { input }, (data) => data.createProject, fields);
    if (told?.project) void this.router.navigate(["/projects", told.project.slug, "new-service"]);
  }
}
