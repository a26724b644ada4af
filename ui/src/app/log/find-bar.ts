import { Component, ElementRef, computed, effect, inject, input, output, signal, untracked, viewChild } from "@angular/core";

import { expression, literal } from "./places";
import { Search } from "./search";

/** How long typing has to rest before the server is asked, in milliseconds. */
const REST = 250;

/** The box that searches in a log: text or an expression, next and previous, how many. */
@Component({
  selector: "alm-find",
  template: `
    <form role="search" aria-label="In the log" class="find" (submit)="$event.preventDefault()">
      <label class="unseen" for="find">Search in the log</label>
      <input
        #box
        id="find"
        type="search"
        autocomplete="off"
        spellcheck="false"
        placeholder="Search in the log"
        maxlength="1000"
        [attr.aria-invalid]="search.trouble() ? true : null"
        [attr.aria-describedby]="search.trouble() ? 'find-trouble' : null"
        [value]="text()"
        (input)="text.set(box.value)"
        (keydown.enter)="step(1)"
        (keydown.shift.enter)="step(-1)"
        (keydown.escape)="text.set('')"
      />
      <button type="button" class="quiet small" aria-label="Match case" title="Match case" [attr.aria-pressed]="caseSensitive()" (click)="caseSensitive.set(!caseSensitive())">Aa</button>
      <button type="button" class="quiet small" aria-label="Expression" title="An expression (RE2)" [attr.aria-pressed]="regex()" (click)="regex.set(!regex())">.*</button>
      @if (text()) {
        <span class="count" role="status">{{ says() }}</span>
        <button type="button" class="quiet small" aria-label="Match before" [disabled]="search.matches().length === 0" (click)="step(-1)">↑</button>
        <button type="button" class="quiet small" aria-label="Next match" [disabled]="search.matches().length === 0" (click)="step(1)">↓</button>
      }
    </form>
    @if (search.trouble(); as why) {
      <p class="refused" id="find-trouble" role="alert">{{ why }}</p>
    }
  `,
})
export class FindBar {
  protected readonly search = inject(Search);
  private readonly box = viewChild.required<ElementRef<HTMLInputElement>>("box");

  readonly build = input.required<string>();
  readonly stageId = input<string | null>(null);
  /** The first line that is seen now, and the log's last. */
  readonly near = input(1);
  readonly last = input(0);
  /** A line to show. */
  readonly found = output<number>();

  readonly text = signal("");
  readonly regex = signal(false);
  readonly caseSensitive = signal(false);
  /** Where in a line that is found what is looked for is. */
  readonly places = computed(() => (this.regex() ? expression : literal)(this.text(), this.caseSensitive()));

  constructor() {
    effect((clean) => {
      const [pattern, regex, caseSensitive] = [this.text(), this.regex(), this.caseSensitive()];
      const wanted = { buildId: this.build(), stageId: this.stageId(), pattern, regex, caseSensitive };
      const timer = setTimeout(() => this.search.look(wanted, untracked(this.near)), pattern ? REST : 0);
      clean(() => clearTimeout(timer));
    });
    effect(() => {
      const line = this.search.now();
      if (line !== null) untracked(() => this.found.emit(line));
    });
  }

  focus(): void {
    this.box().nativeElement.focus();
    this.box().nativeElement.select();
  }

  protected step(by: 1 | -1): void {
    this.search.step(by, this.last());
  }

  protected says(): string {
    const search = this.search;
    const count = search.matches().length;
    if (search.trouble()) return "";
    if (search.isBusy()) return "Searching…";
    if (count === 0) return search.isMore() ? `None up to line ${search.searchedTo().toLocaleString("en")}` : "None";
    const total = Math.max(count, search.total()).toLocaleString("en");
    return `${(search.at() + 1).toLocaleString("en")} of ${total}${search.isMore() ? "+" : ""}`;
  }
}
