import { Component } from "@angular/core";

import { Trail } from "./trail";

/** What was done on the whole instance, for administrators. */
@Component({
  selector: "alm-instance-audit",
  imports: [Trail],
  template: `
    <h1>Audit</h1>
    <p class="hint">Everything that was done here, in all projects and outside of them; for administrators.</p>
    <alm-trail [project]="null" />
  `,
})
export class InstanceAudit {}
