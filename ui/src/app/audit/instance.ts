import { Component, computed, input } from "@angular/core";

import { Trail } from "./trail";

/** What was done on the whole instance, for administrators. */
@Component({
  selector: "alm-instance-audit",
  imports: [Trail],
  template: `
    <h1>Audit</h1>
    <p class="hint">Everything that was done here, in all projects and outside of them; for administrators.</p>
    <alm-trail [project]="null" [query]="query()" />
  `,
})
export class InstanceAudit {
  // From the address.
  readonly verb = input<string>();
  readonly outcome = input<string>();
  readonly actor = input<string>();
  readonly from = input<string>();
  readonly to = input<string>();

  protected readonly query = computed(() => ({
    verb: this.verb(),
    outcome: this.outcome(),
    actor: this.actor(),
    from: this.from(),
    to: this.to(),
  }));
}
