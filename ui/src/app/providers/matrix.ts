import { Component, computed, input } from "@angular/core";

import { CAPABILITIES } from "../parts/provider-names";

interface Able {
  readonly id: string;
  readonly displayName: string;
  readonly capabilities: readonly string[];
}

/** What each provider can do, side by side. */
@Component({
  selector: "alm-matrix",
  template: `
    <div class="card scroll" role="region" aria-label="What providers can do" tabindex="0">
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">Capability</th>
            @for (one of providers(); track one.id) {
              <th scope="col" [title]="one.displayName"><span class="name">{{ one.displayName }}</span></th>
            }
          </tr>
        </thead>
        <tbody>
          @for (row of rows(); track row.name) {
            <tr>
              <th scope="row">{{ row.words }}</th>
              @for (can of row.cells; track $index) {
                <td [attr.data-tone]="can ? 'succeeded' : 'idle'">
                  <span aria-hidden="true">{{ can ? "✓" : "–" }}</span><span class="unseen">{{ can ? "yes" : "no" }}</span>
                </td>
              }
            </tr>
          }
        </tbody>
      </table>
    </div>
  `,
})
export class Matrix {
  readonly providers = input.required<readonly Able[]>();

  protected readonly rows = computed(() => {
    const able = this.providers().map(({ capabilities }) => new Set(capabilities));
    const known = new Set(CAPABILITIES.map(([name]) => name));
    // A newer server may know some that have no words here yet.
    const others = [...new Set(able.flatMap((one) => [...one]))].filter((name) => !known.has(name));
    const all = [...CAPABILITIES, ...others.map((name) => [name, name] as const)];
    return all.map(([name, words]) => ({ name, words, cells: able.map((one) => one.has(name)) }));
  });
}
