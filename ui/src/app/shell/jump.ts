import { Component, ElementRef, computed, effect, inject, signal, viewChild } from "@angular/core";
import { Router } from "@angular/router";

import { JumpDocument, type JumpQuery } from "../api/operations";
import { Reading } from "../core/reading";
import { type Place, asked, places, wanted } from "./places";

/** How long typing has to rest before the server is asked, in milliseconds. */
const REST = 150;

/** A box to go anywhere: projects and build services by their words, builds by their number. */
@Component({
  selector: "alm-jump",
  template: `
    <form role="search" aria-label="Go to" class="jump" (submit)="$event.preventDefault(); go(found()[at()])" (focusout)="left($event)">
      <label class="unseen" for="jump">Go to a project or a build</label>
      <input
        #box
        id="jump"
        type="search"
        role="combobox"
        autocomplete="off"
        aria-autocomplete="list"
        aria-controls="jump-list"
        placeholder="Go to… name or #12"
        [attr.aria-expanded]="open()"
        [attr.aria-activedescendant]="open() && found().length > 0 ? 'jump-' + at() : null"
        [value]="text()"
        (input)="type(box.value)"
        (focus)="isHere.set(true)"
        (keydown)="key($event)"
      />
      <kbd aria-hidden="true">/</kbd>
      <ul id="jump-list" role="listbox" aria-label="Places" [hidden]="!open()">
        @for (place of found(); track place.link.join("/"); let index = $index) {
          <li
            role="option"
            [id]="'jump-' + index"
            [attr.aria-selected]="index === at()"
            (mousedown)="$event.preventDefault()"
            (click)="go(place)"
          >
            <span>{{ place.text }}</span> <span class="hint">{{ place.hint }}</span>
          </li>
        } @empty {
          <li role="option" aria-selected="false" aria-disabled="true" class="hint">
            {{ asking() ? "Looking…" : (reading.trouble() ?? nothing()) }}
          </li>
        }
      </ul>
    </form>
  `,
})
export class Jump {
  protected readonly reading = new Reading();
  private readonly router = inject(Router);
  private readonly box = viewChild.required<ElementRef<HTMLInputElement>>("box");

  protected readonly text = signal("");
  protected readonly isHere = signal(false);
  protected readonly at = signal(0);
  private readonly resting = signal(false);
  protected readonly asking = computed(() => this.resting() || this.reading.busy());
  private readonly projects = signal<NonNullable<JumpQuery["projects"]>["edges"][number]["node"][]>([]);
  private readonly wanted = computed(() => wanted(this.text()));
  protected readonly found = computed(() => places(this.wanted(), this.projects(), this.router.url));
  /** What is said where nothing is found. */
  protected readonly nothing = computed(() => {
    const { words, number } = this.wanted();
    if (number !== null && !words) return `Say of what it is, as in “name #${number}”.`;
    return number === null ? "Nothing of that name is visible to you." : "Nothing of that name and number is visible to you.";
  });
  protected readonly open = computed(() => this.isHere() && this.text().trim() !== "");

  constructor() {
    effect((clean) => {
      const search = asked(this.wanted(), this.router.url);
      if (!search) return this.projects.set([]);
      this.resting.set(true);
      const timer = setTimeout(() => {
        this.resting.set(false);
        this.reading.ask(JumpDocument, { search }, "projects", ({ projects }) => this.projects.set(projects?.edges.map((edge) => edge.node) ?? []));
      }, REST);
      clean(() => {
        clearTimeout(timer);
        this.reading.stop();
      });
    });
  }

  focus(): void {
    this.box().nativeElement.focus();
    this.box().nativeElement.select();
  }

  protected type(text: string): void {
    this.text.set(text);
    this.at.set(0);
  }

  protected key(event: KeyboardEvent): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const count = this.found().length;
    if (step && count) this.at.update((at) => (at + step + count) % count);
    else if (event.key === "Escape") this.text() ? this.type("") : this.box().nativeElement.blur();
    else return;
    event.preventDefault();
  }

  protected left(event: FocusEvent): void {
    if (!(event.currentTarget as HTMLElement).contains(event.relatedTarget as Node | null)) this.isHere.set(false);
  }

  protected go(place: Place | undefined): void {
    if (!place) return;
    this.type("");
    this.box().nativeElement.blur();
    void this.router.navigate([...place.link]);
  }
}
