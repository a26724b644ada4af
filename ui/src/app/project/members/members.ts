import { Component, inject } from "@angular/core";

import { Head } from "../head";

@Component({ selector: "alm-members", template: `<h2>Members</h2>` })
export class Members {
  private readonly head = inject(Head);

  constructor() {
    this.head.named("Members");
  }
}
