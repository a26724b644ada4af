import { Component, input } from "@angular/core";

import type { BuildPageFragment } from "../api/operations";
import { spans } from "../log/ansi";

/** What went wrong, before anything else. */
@Component({
  selector: "alm-failure",
  template: `
    <section class="card failure" aria-labelledby="failure-title">
      <h2 id="failure-title">{{ failure().summary }}</h2>
      @if (failure().excerpt.length > 0) {
        <div class="excerpt" role="group" aria-label="The end of its log" tabindex="0">
          @for (line of failure().excerpt; track line.seq) {
            <div class="line">
              <a class="number" [href]="'#L' + line.seq" [attr.aria-label]="'Open at line ' + line.seq">{{ line.seq }}</a>
              <span class="text">@for (span of spans(line.text); track $index) {<span [class]="span.look">{{ span.text }}</span>}</span>
            </div>
          }
        </div>
      }
    </section>
  `,
})
export class Failure {
  readonly failure = input.required<NonNullable<BuildPageFragment["failure"]>>();
  protected readonly spans = spans;
}
