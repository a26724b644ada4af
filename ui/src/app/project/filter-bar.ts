import { Component, computed, input, output } from "@angular/core";

import { type BuildQuery, STATES, wrongCommit } from "./filter";

/** What the builds of a project are narrowed by. */
@Component({
  selector: "alm-build-filter",
  template: `
    <form class="bar filters" role="search" aria-label="Filter the builds" (submit)="$event.preventDefault()">
      <label>
        State
        <select #state (change)="changed.emit({ status: state.value })">
          <option value="" [selected]="!query().status">Any</option>
          @for (one of states; track one.value) {
            <option [value]="one.value" [selected]="query().status === one.value">{{ one.words }}</option>
          }
        </select>
      </label>
      @if (services().length > 1 || query().service) {
        <label>
          Build service
          <select #service (change)="changed.emit({ service: service.value })">
            <option value="" [selected]="!query().service">All</option>
            @for (one of services(); track one.slug) {
              <option [value]="one.slug" [selected]="query().service === one.slug">{{ one.displayName }}</option>
            }
            @if (unknown(); as slug) {
              <option [value]="slug" selected>{{ slug }}</option>
            }
          </select>
        </label>
      }
      <label>
        Branch or tag
        <input #ref list="refs" maxlength="1000" placeholder="main" autocomplete="off" spellcheck="false" [value]="query().ref ?? ''" (change)="changed.emit({ ref: ref.value.trim() })" />
      </label>
      <datalist id="refs">
        @for (one of refs(); track one) {
          <option [value]="one"></option>
        }
      </datalist>
      <label>
        Commit
        <input
          #commit
          class="sha"
          maxlength="64"
          placeholder="7f3c21a"
          autocomplete="off"
          spellcheck="false"
          [attr.aria-invalid]="wrong() ? true : null"
          [attr.aria-describedby]="wrong() ? 'wrong-commit' : null"
          [value]="query().commit ?? ''"
          (change)="changed.emit({ commit: commit.value.trim() })"
        />
      </label>
      <label class="tick"><input #mine type="checkbox" [checked]="query().mine === 'true'" (change)="changed.emit({ mine: mine.checked ? 'true' : null })" /> Only mine</label>
      @if (isAny()) {
        <button type="button" class="quiet" (click)="cleared.emit()">Clear filters</button>
      }
    </form>
    @if (wrong(); as why) {
      <p class="refused" role="alert" id="wrong-commit">{{ why }}</p>
    }
  `,
})
export class FilterBar {
  readonly query = input.required<BuildQuery>();
  readonly isAny = input.required<boolean>();
  readonly services = input.required<readonly { readonly slug: string; readonly displayName: string }[]>();
  /** Branches and tags to choose from; others may be typed. */
  readonly refs = input.required<readonly string[]>();
  readonly changed = output<{ readonly [name in keyof BuildQuery]: string | null }>();
  readonly cleared = output();

  protected readonly states = STATES;
  protected readonly wrong = computed(() => wrongCommit(this.query()));
  /** What the address calls a build service, and none is called. */
  protected readonly unknown = computed(() => {
    const { service } = this.query();
    return this.services().some(({ slug }) => slug === service) ? null : service;
  });
}
