import { Component, inject } from "@angular/core";

import { Head } from "../head";

@Component({ selector: "alm-audit", template: `<h2>Audit</h2>` })
export class Audit {
  private readonly head = inject(Head);

  constructor() {
    this.head.named("Audit");
  }
}
