import { Component, inject } from "@angular/core";

import { Head } from "../head";

@Component({ selector: "alm-environments", template: `<h2>Environments</h2>` })
export class Environments {
  private readonly head = inject(Head);

  constructor() {
    this.head.named("Environments");
  }
}
