import { Component, computed, inject, input, linkedSignal, signal } from "@angular/core";

import type { ConfigurationInput, ConfigurationOrigin } from "../api/operations";
import { Sending } from "../core/send";
import { unsaved } from "../core/unsaved";
import { type Answers, heldByEngine, settingInputs, settingQuestions, written } from "./question";
import { Questions, complete, names } from "./questions";

interface Entry {
  readonly key: string;
  readonly value?: unknown;
  readonly origin: ConfigurationOrigin;
  readonly overridable?: boolean;
}

/** Settings of one layer, a provider's or a build service's, in place: what is emptied is inherited again. */
@Component({
  selector: "alm-settings-form",
  imports: [Questions],
  providers: [Sending],
  template: `
    <form (submit)="save($event)">
      <alm-questions
        [questions]="questions()"
        [(answers)]="answers"
        [refused]="sending.refused()"
        [tried]="tried()"
        [readOnly]="blocked() !== null"
        prefix="configuration/"
      />
      @for (why of sending.at(); track $index) {
        <p role="alert" class="refused">{{ why }}</p>
      }
      @if (saved() && changes().length === 0) {
        <p class="note succeeded" role="status">✓ Saved: builds that start from now on have it.</p>
      }
      @if (blocked() === null) {
        <div class="bar">
          <button type="submit" [disabled]="sending.busy() || changes().length === 0">
            {{ sending.busy() ? "Saving…" : changes().length > 0 ? "Save " + changes().length + (changes().length === 1 ? " change" : " changes") : "Save" }}
          </button>
          @if (changes().length > 0) {
            <button type="button" class="quiet" (click)="answers.set(before())">Undo</button>
          }
        </div>
      }
    </form>
  `,
})
export class SettingsForm {
  protected readonly sending = inject(Sending);

  /** The JSON Schema of what may be given in this layer. */
  readonly schema = input.required<unknown>();
  readonly entries = input.required<readonly Entry[]>();
  /** The layer whose values are one's own here. */
  readonly layer = input.required<ConfigurationOrigin>();
  /** What the layers below say. */
  readonly inherited = input<Readonly<Record<string, unknown>>>({});
  /** Why nothing can be changed; null where it can. */
  readonly blocked = input<string | null>(null);
  /** What keeps the values that are nobody's layer: those that somebody has changed there, or that can be changed there alone. */
  readonly engine = input("the engine");
  /** Sends the changes; true where they hold now. */
  readonly send = input.required<(sending: Sending, changes: ConfigurationInput[], fields: readonly string[]) => Promise<boolean>>();

  protected readonly questions = computed(() => {
    const below = this.entries().filter(({ origin }) => origin !== this.layer() && origin !== "ENGINE");
    const held = Object.fromEntries(below.map(({ key, value }) => [key, value]));
    const kept = new Map(this.entries().flatMap((entry) => (entry.origin === "ENGINE" ? [[entry.key, entry.overridable === true]] : [])));
    return settingQuestions(this.schema(), { ...held, ...this.inherited() }).map((setting) => {
      const overridable = kept.get(setting.name);
      return overridable === undefined ? setting : heldByEngine(setting, this.engine(), overridable);
    });
  });
  /** What is typed stays while the same is read again. */
  protected readonly before = computed<Answers>(
    () => {
      const own = this.entries().filter(({ origin }) => origin === this.layer() || origin === "ENGINE");
      const kinds = new Map(this.questions().map(({ name, kind }) => [name, kind]));
      return Object.fromEntries(own.map(({ key, value }) => [key, written(value, kinds.get(key))]));
    },
    { equal: (a, b) => JSON.stringify(a) === JSON.stringify(b) },
  );
  protected readonly answers = linkedSignal<Answers>(() => this.before());
  protected readonly changes = computed(() => settingInputs(this.questions(), this.before(), this.answers()));
  protected readonly tried = signal(false);
  protected readonly saved = signal(false);

  constructor() {
    unsaved(() => this.changes().length > 0);
  }

  protected async save(event: Event): Promise<void> {
    event.preventDefault();
    this.tried.set(true);
    if (!complete(this.questions(), this.answers()) || this.changes().length === 0) return;
    this.saved.set(await this.send()(this.sending, this.changes(), names(this.questions(), "configuration/")));
  }
}
