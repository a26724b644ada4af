import { Component, computed, input, model } from "@angular/core";

import type { Refused } from "../core/send";
import { Control, Field } from "./field";
import { type Answers, type Question, grouped, wrong } from "./question";

/** The fields of a form that is made from definitions: inputs of builds and approvals, settings of providers and build services. */
@Component({
  selector: "alm-questions",
  imports: [Control, Field],
  template: `
    @for (group of groups(); track group.title) {
      <fieldset class="group" [class.plain]="!group.title" [disabled]="readOnly()">
        @if (group.title) {
          <legend>{{ group.title }}</legend>
        }
        @for (question of group.questions; track question.name) {
          <alm-field [label]="question.label" [help]="question.help" [note]="question.note" [required]="question.required" [errors]="errors(question)">
            @switch (question.kind) {
              @case ("choice") {
                <select almControl #control [disabled]="question.locked === true" (change)="set(question, control.value)">
                  @if (question.otherwise !== null) {
                    <option value="" [selected]="text(question) === ''">{{ question.locked ? "Not set" : "As inherited: " + question.otherwise }}</option>
                  } @else if (text(question) === "") {
                    <option value="" selected>Choose…</option>
                  }
                  @for (choice of question.choices; track choice) {
                    <option [value]="choice" [selected]="text(question) === choice">{{ choice }}</option>
                  }
                </select>
              }
              @case ("yes-no") {
                @if (question.otherwise === null) {
                  <input almControl #control type="checkbox" [checked]="text(question) === 'true'" (change)="set(question, '' + control.checked)" />
                } @else {
                  <select almControl #control [disabled]="question.locked === true" (change)="set(question, control.value)">
                    <option value="" [selected]="text(question) === ''">{{ question.locked ? "Not set" : "As inherited: " + question.otherwise }}</option>
                    <option value="true" [selected]="text(question) === 'true'">Yes</option>
                    <option value="false" [selected]="text(question) === 'false'">No</option>
                  </select>
                }
              }
              @case ("lines") {
                <textarea
                  almControl
                  #control
                  [class.line]="isLine(question)"
                  [rows]="isLine(question) ? 1 : 4"
                  spellcheck="false"
                  [readOnly]="question.locked === true"
                  [placeholder]="hint(question)"
                  [value]="text(question)"
                  (input)="set(question, control.value)"
                  (keydown.enter)="enter($event, question, control)"
                ></textarea>
              }
              @case ("list") {
                <textarea
                  almControl
                  #control
                  rows="3"
                  spellcheck="false"
                  [readOnly]="question.locked === true"
                  [placeholder]="hint(question) || 'One a line'"
                  [value]="text(question)"
                  (input)="set(question, control.value)"
                ></textarea>
              }
              @default {
                <input
                  almControl
                  #control
                  autocomplete="off"
                  spellcheck="false"
                  [attr.inputmode]="question.kind === 'number' ? 'numeric' : null"
                  [class.short]="question.kind === 'number' || question.kind === 'size'"
                  [placeholder]="hint(question)"
                  [value]="text(question)"
                  (input)="set(question, control.value)"
                />
              }
            }
          </alm-field>
        }
      </fieldset>
    }
  `,
})
export class Questions {
  readonly questions = input.required<readonly Question[]>();
  readonly answers = model.required<Answers>();
  /** What the server has refused: by `prefix` and the name of the question. */
  readonly refused = input<Refused>(new Map());
  readonly prefix = input("");
  /** Whether what is missing is said already: not before somebody has tried. */
  readonly tried = input(false);

  readonly readOnly = input(false);

  protected readonly groups = computed(() => grouped(this.questions()));

  protected text(question: Question): string {
    return this.answers()[question.name] ?? "";
  }

  protected hint(question: Question): string {
    if (question.locked) return "Not set";
    return question.otherwise === null || question.otherwise === "not set" ? "" : question.otherwise;
  }

  /** Settings that may have lines rarely do: each is a field of one line until there are more. */
  protected isLine(question: Question): boolean {
    return question.otherwise !== null && !this.text(question).includes("\n");
  }

  /** As in any field of one line; with Shift there is another line. */
  protected enter(event: Event, question: Question, control: HTMLTextAreaElement): void {
    if (!this.isLine(question) || (event as KeyboardEvent).isComposing) return;
    event.preventDefault();
    control.form?.requestSubmit();
  }

  protected set(question: Question, text: string): void {
    this.answers.update((answers) => ({ ...answers, [question.name]: text }));
  }

  protected errors(question: Question): readonly string[] {
    const own = this.tried() || this.text(question) !== "" ? wrong(question, this.answers()) : null;
    return own ? [own] : (this.refused().get(`${this.prefix()}${question.name}`) ?? []);
  }
}

/** Whether each question can be sent as it is answered. */
export function complete(questions: readonly Question[], answers: Answers): boolean {
  return questions.every((question) => wrong(question, answers) === null);
}

/** The fields' names, for those whom the server tells what it refuses. */
export function names(questions: readonly Question[], prefix: string): string[] {
  return questions.map(({ name }) => `${prefix}${name}`);
}
