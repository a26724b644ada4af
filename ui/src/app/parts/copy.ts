import { Component, input, signal } from "@angular/core";

/** How long it is said that the text is copied, in milliseconds. */
const SAID = 4_000;

/** Puts a text on the clipboard, and says that it is there. */
@Component({
  selector: "alm-copy",
  template: `
    <button type="button" class="quiet" [class.small]="brief()" [class.brief]="brief()" [title]="brief() ? said() + ' ' + what() : ''" (click)="copy()">
      @if (brief()) {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path [attr.d]="isDone() ? 'M3 8.5l3.5 3.5L13 4.5' : 'M6 6h7v8H6zM3.5 10.5V2.5h7'" /></svg>
        <span class="unseen">{{ said() }}</span>
      } @else {
        {{ said() }}
      }
      <span class="unseen">&ngsp;{{ what() }}</span>
    </button>
    <span class="unseen" role="status">{{ told() }}</span>
  `,
})
export class Copy {
  readonly text = input.required<string>();
  /** What is copied, for those who do not see what stands beside it. */
  readonly what = input.required<string>();
  /** Only a picture is shown, where it stands in a line of text. */
  readonly brief = input(false);
  protected readonly said = signal("Copy");
  protected readonly told = signal("");
  protected readonly isDone = signal(false);

  protected async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.text());
      this.say("✓ Copied", "Copied", true);
      setTimeout(() => this.isDone() && this.say("Copy", "", false), SAID);
    } catch {
      // Browsers have no clipboard for pages that come over plain http from elsewhere.
      this.say("Select it and copy it", "This browser does not allow it here: select the text and copy it.", false);
    }
  }

  private say(said: string, told: string, isDone: boolean): void {
    this.said.set(said);
    this.told.set(told);
    this.isDone.set(isDone);
  }
}
