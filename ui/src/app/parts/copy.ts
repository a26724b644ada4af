import { Component, input, signal } from "@angular/core";

/** Puts a text on the clipboard, and says that it is there. */
@Component({
  selector: "alm-copy",
  template: `<button type="button" class="quiet" (click)="copy()">{{ said() }}</button><span class="unseen" role="status">{{ told() }}</span>`,
})
export class Copy {
  readonly text = input.required<string>();
  protected readonly said = signal("Copy");
  protected readonly told = signal("");

  protected async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.text());
      this.said.set("✓ Copied");
      this.told.set("Copied");
    } catch {
      // Browsers have no clipboard for pages that come over plain http from elsewhere.
      this.said.set("Select it and copy it");
      this.told.set("This browser does not allow it here: select the text and copy it.");
    }
  }
}
