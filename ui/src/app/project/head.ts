import { Injectable, computed, effect, inject, signal } from "@angular/core";
import { Title } from "@angular/platform-browser";

import type { ProjectHeadFragment } from "../api/operations";

/** The project that the tabs are about, for all of them; the frame around them provides it. */
@Injectable()
export class Head {
  private readonly title = inject(Title);

  /** Null until it is known. */
  readonly project = signal<ProjectHeadFragment | null>(null);
  /** Whether its settings, members and build services may be changed. */
  readonly edit = computed(() => this.project()?.actions.find((one) => one.action === "EDIT"));
  /** Why nothing can be changed here; null where something can. */
  readonly readOnly = computed(() => {
    const project = this.project();
    if (project?.isArchived) return "This project is archived: it is kept for reference only.";
    return project?.viewerRole === "VIEWER" ? "You can look around here; your role allows no changes." : null;
  });

  /** A newer picture of it, from a stream. */
  told(project: Pick<ProjectHeadFragment, "id" | "revision" | "displayName" | "description" | "isArchived">): void {
    this.project.update((known) =>
      known && known.id === project.id && known.revision < project.revision
        ? { ...known, ...pick(project) }
        : known,
    );
  }

  /** Calls the page after a tab. Where there is an injection context. */
  named(tab: string): void {
    effect(() => {
      const project = this.project();
      if (project) this.title.setTitle(`${tab} · ${project.displayName} · ALM`);
    });
  }
}

function pick({ revision, displayName, description, isArchived }: Parameters<Head["told"]>[0]) {
  return { revision, displayName, description, isArchived };
}
