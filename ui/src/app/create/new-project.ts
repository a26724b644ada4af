import { Component, inject, signal } from "@angular/core";
import { Router, RouterLink } from "@angular/router";

import { CreateProjectDocument } from "../api/operations";
import { Sending } from "../core/send";
import { Control, Field } from "../parts/field";
import { slugOf } from "../parts/slug";

/** A new project; its build services come next. */
@Component({
  selector: "alm-new-project",
  imports: [Control, Field, RouterLink],
  providers: [Sending],
  template: `
    <nav class="crumbs" aria-label="Where you are"><a routerLink="/">Projects</a> › New</nav>
    <h1>Create a project</h1>
    <form class="card sheet" (submit)="create($event)">
      <p class="hint">A project holds build services, environments and the people who work with them. You become its owner.</p>
      <alm-field label="Name" [required]="true" [errors]="sending.at('displayName')">
        <input almControl #name required maxlength="200" autocomplete="off" [value]="displayName()" (input)="named(name.value)" />
      </alm-field>
      <alm-field label="Short name" help="In addresses: a-z, 0-9 and -. It cannot be changed later." [required]="true" [errors]="sending.at('slug')">
        <input
          almControl
          #short
          required
          maxlength="63"
          pattern="[a-z0-9]([a-z0-9\\-]*[a-z0-9])?"
          title="a-z, 0-9 and -, none at the ends"
          autocomplete="off"
          spellcheck="false"
          [value]="slug()"
          (input)="own.set(short.value)"
        />
      </alm-field>
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

  protected named(name: string): void {
    this.displayName.set(name);
  }

  protected async create(event: Event): Promise<void> {
    event.preventDefault();
    const input = { displayName: this.displayName().trim(), slug: this.slug(), description: this.description().trim() || null };
    const fields = ["displayName", "slug", "description"];
    const told = await this.sending.send(CreateProjectDocument, { input }, (data) => data.createProject, fields);
    if (told?.project) void this.router.navigate(["/projects", told.project.slug, "new-service"]);
  }
}
