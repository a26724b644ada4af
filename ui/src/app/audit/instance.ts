import { Component, inject } from "@angular/core";

import { Viewer } from "../core/viewer";
import { Trail } from "./trail";

/** What was done on the whole instance, for administrators. */
@Component({
  selector: "alm-instance-audit",
  imports: [Trail],
  template: `
    <h1>Audit</h1>
    <p class="hint">Everything that was done here, in all projects and outside of them; for administrators.</p>
    @switch (viewer.admitted()) {
      @case (true) {
        <alm-trail [project]="null" />
      }
      @case (false) {
        <section class="card empty">
          <h2>For administrators</h2>
          <p>Only an administrator of this server sees all that was done here. What was done in a project is told to its owners, in its own tab.</p>
        </section>
      }
      @default {
        <div class="skeleton" role="status"><span class="unseen">Loading what was done…</span></div>
      }
    }
  `,
})
export class InstanceAudit {
  protected readonly viewer = inject(Viewer);
}
