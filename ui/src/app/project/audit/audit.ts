import { Component, computed, inject, input } from "@angular/core";

import { Trail } from "../../audit/trail";
import { Head } from "../head";

/** What was done in a project, for its owners. */
@Component({
  selector: "alm-audit",
  imports: [Trail],
  template: `
    <h2>Audit</h2>
    @if (head.project(); as it) {
      @if (it.viewerRole === "OWNER") {
        <alm-trail [project]="it.id" [query]="query()" />
      } @else {
        <section class="card"><p>What was done in a project is for its owners to know: ask one of them.</p></section>
      }
    }
  `,
})
export class Audit {
  protected readonly head = inject(Head);

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

  constructor() {
    this.head.named("Audit");
  }
}
