import { Component, inject } from "@angular/core";

import { Preferences } from "../core/preferences";
import { DialogFrame } from "../parts/dialog";

const KEYS = [
  { where: "Everywhere", keys: [["/", "Go to a project or a build"], ["?", "This list"], ["g p", "Projects"], ["g c", "Credentials"], ["g v", "Providers"], ["Esc", "Close what is open"]] },
  {
    where: "A build",
    keys: [
      ["1 2 3", "Graph, timeline, list"],
      ["[ ]", "Failure before, failure after"],
      ["← → ↑ ↓", "From stage to stage; Home and End: the first, the last. In the list ← and → close and open"],
      ["Enter", "Choose the stage, and see its log"],
    ],
  },
  {
    where: "A log",
    keys: [
      ["s", "Search in it"],
      ["Enter", "In the search: next match; with Shift, the one before"],
      ["↑ ↓ PgUp PgDn", "Move; upwards stops following"],
      ["Home End", "First line; last line, and follow again"],
      ["j k", "Choose the next line, the one before; with Shift, several"],
      ["z", "Full screen, and back"],
    ],
  },
] as const;

/** The keys that act by themselves, and the switch that turns them off. */
@Component({
  selector: "alm-help",
  imports: [DialogFrame],
  template: `
    <alm-dialog closing="Close">
      <label><input type="checkbox" [checked]="preferences.shortcuts()" (change)="toggle()" /> Single keys act by themselves</label>
      <div class="keys">
        @for (group of groups; track group.where) {
          <section>
            <h3>{{ group.where }}</h3>
            <dl>
              @for (one of group.keys; track one[0]) {
                <div><dt>@for (key of one[0].split(" "); track $index) {<kbd>{{ key }}</kbd>}</dt><dd>{{ one[1] }}</dd></div>
              }
            </dl>
          </section>
        }
      </div>
    </alm-dialog>
  `,
})
export class Help {
  protected readonly preferences = inject(Preferences);
  protected readonly groups = KEYS;

  protected toggle(): void {
    this.preferences.shortcuts.update((on) => !on);
  }
}
