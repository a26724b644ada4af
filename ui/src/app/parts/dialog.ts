import { Dialog, DialogRef } from "@angular/cdk/dialog";
import { Component, Injectable, inject, input } from "@angular/core";
import type { ComponentType } from "@angular/cdk/overlay";
import type { Observable } from "rxjs";

/**
 * Opens dialogs: the focus moves in, stays in, and returns to where it was; Esc closes. A dialog is a component whose template is one
 * `<alm-dialog>`; what it was opened for it injects as `DIALOG_DATA`, and closes by its `DialogRef`.
 */
@Injectable({ providedIn: "root" })
export class Dialogs {
  private readonly cdk = inject(Dialog);

  /** The answer; nothing where it was closed without one. */
  open<Answer, Data, Content>(content: ComponentType<Content>, title: string, data: Data): Observable<Answer | undefined> {
    const config = { data, ariaLabel: title, ariaModal: true, autoFocus: "first-tabbable", backdropClass: "shade" };
    return this.cdk.open<Answer, Data, Content>(content, { ...config, panelClass: "panel" }).closed;
  }
}

/** The frame of a dialog: title, content, what was refused, and at the end the buttons marked `actions`, with one that closes. */
@Component({
  selector: "alm-dialog",
  host: { class: "dialog" },
  template: `
    <h2>{{ title }}</h2>
    <ng-content />
    @for (why of refused(); track $index) {
      <p role="alert" class="refused">{{ why }}</p>
    }
    <div class="bar actions">
      <button type="button" class="quiet" (click)="ref.close()">{{ closing() }}</button>
      <ng-content select="[actions]" />
    </div>
  `,
})
export class DialogFrame {
  protected readonly ref = inject(DialogRef);
  protected readonly title = this.ref.config.ariaLabel ?? "";

  /** What concerns no field: messages of `userErrors` without a path, or of a failure. */
  readonly refused = input<readonly string[]>([]);
  /** What the button that closes says. */
  readonly closing = input("Cancel");
}
