import { DIALOG_DATA, DialogRef } from "@angular/cdk/dialog";
import { Component, inject, signal } from "@angular/core";
import { type Observable, map } from "rxjs";

import { DialogFrame, type Dialogs } from "./dialog";
import { Control, Field } from "./field";

/** What somebody is asked before something is done that cannot be undone. */
export interface Doubt {
  /** What happens, and what stays. */
  readonly words: string;
  /** On the button, such as "Remove". */
  readonly verb: string;
  /** On the button that does nothing; "Cancel" where it is left out. */
  readonly closing?: string;
  /** What has to be typed first; nothing where it is left out. */
  readonly typed?: string;
}

@Component({
  selector: "alm-confirm",
  imports: [Control, DialogFrame, Field],
  template: `
    <alm-dialog [closing]="doubt.closing ?? 'Cancel'">
      <p>{{ doubt.words }}</p>
      @if (doubt.typed; as wanted) {
        <alm-field [label]="'Type ' + wanted + ' to go on'">
          <input almControl #words autocomplete="off" spellcheck="false" (input)="typed.set(words.value)" />
        </alm-field>
      }
      <button actions type="button" class="danger" [disabled]="doubt.typed && typed() !== doubt.typed" (click)="ref.close(true)">
        {{ doubt.verb }}
      </button>
    </alm-dialog>
  `,
})
export class Confirm {
  protected readonly doubt = inject<Doubt>(DIALOG_DATA);
  protected readonly ref = inject<DialogRef<boolean>>(DialogRef);
  protected readonly typed = signal("");
}

/** Whether somebody wants it done. */
export function confirmed(dialogs: Dialogs, title: string, doubt: Doubt): Observable<boolean> {
  return dialogs.open<boolean, Doubt, Confirm>(Confirm, title, doubt).pipe(map((answer) => answer === true));
}
