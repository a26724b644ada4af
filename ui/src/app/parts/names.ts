import { Component, input, output } from "@angular/core";

import type { Sending } from "../core/send";
import { Control, Field } from "./field";

/** The fields for the name of something new, and for its short name. */
@Component({
  selector: "alm-names",
  imports: [Control, Field],
  template: `
    <alm-field label="Name" [required]="true" [errors]="sending().at('displayName')">
      <input almControl #name required maxlength="200" autocomplete="off" [value]="displayName()" (input)="named.emit(name.value)" />
    </alm-field>
    <alm-field label="Short name" help="In addresses: a-z, 0-9 and -. It cannot be changed later." [required]="true" [errors]="sending().at('slug')">
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
        (input)="shortened.emit(short.value)"
      />
    </alm-field>
  `,
})
export class Names {
  readonly displayName = input.required<string>();
  readonly slug = input.required<string>();
  /** What sends them: it knows what was refused of them. */
  readonly sending = input.required<Sending>();
  readonly named = output<string>();
  readonly shortened = output<string>();
}
