import { Component, inject, input } from "@angular/core";
import { Title } from "@angular/platform-browser";
import { RouterLink } from "@angular/router";

@Component({
  selector: "alm-missing",
  imports: [RouterLink],
  template: `
    <section class="card narrow">
      @if (what(); as name) {
        <h1>{{ name }} is not here</h1>
        <p>It was removed, or it is not visible to you. <a routerLink="/">All projects</a></p>
      } @else {
        <h1>There is no such page</h1>
        <p>Nothing has this address: it may be mistyped. <a routerLink="/">All projects</a></p>
      }
    </section>
  `,
})
export class Missing {
  /** What was looked for; nothing where the address itself means nothing. */
  readonly what = input<string>();

  constructor() {
    inject(Title).setTitle("Not found · ALM");
  }
}
