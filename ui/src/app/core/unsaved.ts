import { DestroyRef, Injectable, Injector, inject } from "@angular/core";
import type { CanDeactivateFn } from "@angular/router";
import { firstValueFrom } from "rxjs";

/** What somebody has typed and not sent: nobody loses it without being asked. */
@Injectable({ providedIn: "root" })
export class Unsaved {
  private forms: readonly (() => boolean)[] = [];

  constructor() {
    addEventListener("beforeunload", (event) => this.any() && event.preventDefault());
  }

  /** Adds a form, for as long as who adds it is there. */
  add(hasChanged: () => boolean, until: DestroyRef): void {
    this.forms = [...this.forms, hasChanged];
    until.onDestroy(() => {
      this.forms = this.forms.filter((one) => one !== hasChanged);
    });
  }

  any(): boolean {
    return this.forms.some((hasChanged) => hasChanged());
  }

  /** What it was about is gone: nobody is asked about that any more. */
  forget(): void {
    this.forms = [];
  }
}

/** Asks before what is typed is lost, for as long as the component that calls it is there. Its route needs the guard `mayLeave`. */
export function unsaved(hasChanged: () => boolean): void {
  inject(Unsaved).add(hasChanged, inject(DestroyRef));
}

/** Whether a screen may be left: where something is typed and not sent, the reader says so. */
export const mayLeave: CanDeactivateFn<unknown> = async () => {
  if (!inject(Unsaved).any()) return true;
  const injector = inject(Injector);
  // Dialogs are no part of the first download.
  const [{ confirmed }, { Dialogs }] = await Promise.all([import("../parts/confirm"), import("../parts/dialog")]);
  const doubt = { words: "What you have changed here is not saved. If you leave, it is lost.", verb: "Leave without saving", closing: "Stay" };
  return firstValueFrom(confirmed(injector.get(Dialogs), "Leave without saving?", doubt));
};
