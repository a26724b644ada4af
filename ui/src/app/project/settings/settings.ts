import { Component, inject } from "@angular/core";

import { Head } from "../head";

@Component({ selector: "alm-settings", template: `<h2>Settings</h2>` })
export class Settings {
  private readonly head = inject(Head);

  constructor() {
    this.head.named("Settings");
  }
}
