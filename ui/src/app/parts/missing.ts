import { Component, input } from "@angular/core";
import { RouterLink } from "@angular/router";

@Component({
  selector: "alm-missing",
  imports: [RouterLink],
  template: `
    <section class="card narrow">
      <h1>{{ what() }} is not here</h1>
      <p>It was removed, or it is not visible to you. <a routerLink="/">All projects</a></p>
    </section>
  `,
})
export class Missing {
  readonly what = input("This page");
}
