import { Component, inject } from "@angular/core";

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
        <alm-trail [project]="it.id" />
      } @else {
        <section class="card empty">
          <h3>For owners</h3>
          <p>What was done in a project is for its owners to know: ask one of them.</p>
        </section>
      }
    }
  `,
})
export class Audit {
  protected readonly head = inject(Head);

  constructor() {
    this.head.named("Audit");
  }
}
