import { DIALOG_DATA, DialogRef } from "@angular/cdk/dialog";
import { Component, computed, inject, signal } from "@angular/core";
import { RouterLink } from "@angular/router";

import { type ServiceCardFragment, StartBuildDocument } from "../../api/operations";
import { freshKey } from "../../core/key";
import { Sending } from "../../core/send";
import { DialogFrame } from "../../parts/dialog";
import { Control, Field } from "../../parts/field";
import { type Answers, byName, parameterDefaults, parameterInputs, parameterQuestions } from "../../parts/question";
import { Questions, complete, names } from "../../parts/questions";
import { Ago } from "../../parts/time";
import { type StartForm, StartForms } from "./form";

/** What the dialog is opened for: the build service, and what a start of it takes, as was asked a moment ago. */
export interface StartDialogData {
  readonly service: ServiceCardFragment;
  readonly form: StartForm;
}

/** The number of the build that was started. */
export type Started = number;

/** A start with its reference and its parameters. Nothing of it is kept in the browser. */
@Component({
  selector: "alm-start-dialog",
  imports: [DialogFrame, Control, Field, Questions, RouterLink, Ago],
  providers: [Sending],
  template: `
    <alm-dialog [refused]="sending.at()">
      <form id="start" (submit)="start($event)">
        <alm-field
          label="Branch, tag or commit"
          [help]="'What is built; ' + data.service.repository.ref + ' when it is left as it is.'"
          [errors]="sending.at('ref')"
        >
          <input
            almControl
            #typed
            autocomplete="off"
            spellcheck="false"
            maxlength="1000"
            [value]="reference()"
            (input)="reference.set(typed.value)"
            (change)="again()"
          />
        </alm-field>
        @if (form().trouble; as why) {
          <div class="note failed" role="alert">
            <p>{{ why }}</p>
            <button type="button" class="quiet" [disabled]="asking() !== null" (click)="again()">Read it again</button>
          </div>
        }
        <alm-questions
          [questions]="questions()"
          [(answers)]="answers"
          [refused]="sending.refused()"
          [tried]="tried()"
          prefix="parameters/"
        />
        @if (form().missing.length > 0) {
          <div class="note waiting" role="status">
            <p><strong>The build will wait for an account.</strong> It goes on by itself once you have connected:</p>
            <ul>
              @for (account of form().missing; track account.environment.id) {
                <li>{{ account.environment.displayName }}: {{ account.message ?? "not connected" }}</li>
              }
            </ul>
            <p><a routerLink="/credentials" (click)="ref.close()">Credentials</a></p>
          </div>
        }
        @for (account of form().warnings; track account.environment.id) {
          <p class="warning">
            {{ account.environment.displayName }}: {{ account.message }}
            @if (account.expiresAt) {
              (ends <alm-ago [at]="account.expiresAt" />)
            }
          </p>
        }
      </form>
      <button actions type="submit" form="start" [disabled]="sending.busy()">
        {{ sending.busy() ? "Starting…" : asking() ? "Reading the pipeline…" : form().missing.length > 0 ? "Start, and wait for the account" : "Start" }}
      </button>
    </alm-dialog>
  `,
})
export class StartDialog {
  protected readonly data = inject<StartDialogData>(DIALOG_DATA);
  protected readonly ref = inject<DialogRef<Started>>(DialogRef);
  protected readonly sending = inject(Sending);
  private readonly forms = inject(StartForms);
  /** The same for every try of the same, so that a start whose answer was lost is not made twice. */
  private attempt = { sent: "", key: "" };

  protected readonly form = signal(this.data.form);
  protected readonly reference = signal(this.data.service.repository.ref);
  protected readonly answers = signal<Answers>(parameterDefaults(this.data.form.parameters));
  /** What is asked for the reference as it stands; null while nothing is. */
  protected readonly asking = signal<Promise<void> | null>(null);
  protected readonly tried = signal(false);
  protected readonly questions = computed(() => parameterQuestions(this.form().parameters));

  /** Another reference may take other parameters: what was typed stays where it still fits. */
  protected again(): void {
    const asked = this.forms.ask(this.data.service.id, this.reference().trim() || null).then((form) => {
      if (this.asking() !== asked) return;
      this.asking.set(null);
      // As long as they cannot be read, those that are known stay.
      if (form.trouble) return this.form.update((known) => ({ ...form, parameters: known.parameters }));
      const known = new Set(this.form().parameters.map(({ name }) => name));
      const typed = Object.entries(this.answers()).filter(([name]) => known.has(name));
      this.form.set(form);
      this.answers.set({ ...parameterDefaults(form.parameters), ...Object.fromEntries(typed) });
    });
    this.asking.set(asked);
  }

  protected async start(event: Event): Promise<void> {
    event.preventDefault();
    this.tried.set(true);
    await this.asking();
    if (!complete(this.questions(), this.answers())) return;
    const { id, repository } = this.data.service;
    const parameters = parameterInputs(this.form().parameters, this.answers());
    const reference = this.reference().trim();
    const ref = reference === "" || reference === repository.ref ? null : reference;
    const sent = JSON.stringify([ref, parameters]);
    if (this.attempt.sent !== sent) this.attempt = { sent, key: freshKey() };
    const told = await this.sending.send(
      StartBuildDocument,
      { input: { serviceId: id, ref, parameters, idempotencyKey: this.attempt.key } },
      (data) => data.startBuild,
      ["ref", ...names(this.questions(), "parameters/")],
      byName(parameters),
    );
    if (told?.build) this.ref.close(told.build.number);
  }
}
