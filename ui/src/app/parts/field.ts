import { Component, Directive, computed, inject, input } from "@angular/core";

let made = 0;

/** A field of a form: label, the control inside it (marked `almControl`), what it is for, and what is wrong with it. */
@Component({
  selector: "alm-field",
  host: { class: "field", "[class.wrong]": "errors().length > 0" },
  template: `
    <label [attr.for]="id">
      {{ label() }}
      @if (required()) {
        <span class="needed">required</span>
      }
    </label>
    <ng-content />
    @if (note(); as words) {
      <p class="hint aside" [id]="id + '-note'">{{ words }}</p>
    }
    @if (help(); as words) {
      <p class="hint" [id]="id + '-help'">{{ words }}</p>
    }
    @if (errors().length > 0) {
      <div class="refused" role="alert" [id]="id + '-errors'">
        @for (why of errors(); track $index) {
          <p>{{ why }}</p>
        }
      </div>
    }
  `,
})
export class Field {
  readonly label = input.required<string>();
  readonly help = input<string | null | undefined>(null);
  /** What there is to say of the value that stands there. */
  readonly note = input<string | null | undefined>(null);
  readonly required = input(false);
  /** What the server, or the form itself, has against the value. */
  readonly errors = input<readonly string[]>([]);

  readonly id = `field-${++made}`;
  readonly describedBy = computed(() => {
    const parts = [this.note() ? `${this.id}-note` : "", this.help() ? `${this.id}-help` : "", this.errors().length > 0 ? `${this.id}-errors` : ""];
    return parts.filter(Boolean).join(" ") || null;
  });
}

/** The control of a field. */
@Directive({
  selector: "[almControl]",
  host: {
    "[id]": "field.id",
    "[attr.aria-describedby]": "field.describedBy()",
    "[attr.aria-invalid]": "field.errors().length > 0 || null",
    "[attr.aria-required]": "field.required() || null",
  },
})
export class Control {
  protected readonly field = inject(Field);
}
