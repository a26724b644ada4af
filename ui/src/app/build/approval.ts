import { Component, computed, inject, input, signal } from "@angular/core";
import { Apollo } from "apollo-angular";

import { type ApprovalBitsFragment, DecideApprovalDocument, type Verdict } from "../api/operations";
import { problem } from "../parts/problem";
import { Ago } from "../parts/time";

/** A question to people, and their answer in place. */
@Component({
  selector: "alm-approval",
  imports: [Ago],
  template: `
    @let it = approval();
    <section class="card approval" [attr.aria-label]="it.message">
      <p><strong>{{ it.message }}</strong> <span class="hint asked">asked <alm-ago [at]="it.requestedAt" /></span></p>
      @if (it.status === "DELIVERING") {
        <p role="status">The answer is on its way to the engine.</p>
      }
      @if (may(); as decide) {
        <form #form (submit)="$event.preventDefault()">
          @for (parameter of it.parameters; track parameter.name) {
            <label [attr.for]="it.id + parameter.name">{{ parameter.label }}</label>
            @if (parameter.choices?.length) {
              <select [id]="it.id + parameter.name" [name]="parameter.name">
                @for (choice of parameter.choices; track choice) {
                  <option [value]="choice" [selected]="choice === parameter.defaultValue">{{ choice }}</option>
                }
              </select>
            } @else if (parameter.kind === "BOOLEAN") {
              <input type="checkbox" [id]="it.id + parameter.name" [name]="parameter.name" [checked]="parameter.defaultValue === true" />
            } @else {
              <input [id]="it.id + parameter.name" [name]="parameter.name" [value]="parameter.defaultValue ?? ''" [required]="parameter.required" />
            }
          }
          <div class="bar">
            <button type="button" [disabled]="!decide.allowed || busy()" [title]="decide.reason ?? ''" (click)="say('APPROVE', form)">
              {{ it.proceedLabel }}
            </button>
            <button type="button" class="danger" [disabled]="!decide.allowed || busy()" [title]="decide.reason ?? ''" (click)="say('REJECT', form)">
              Reject
            </button>
          </div>
        </form>
      }
      @for (why of refused(); track $index) {
        <p role="alert" class="refused">{{ why }}</p>
      }
    </section>
  `,
})
export class Approval {
  private readonly apollo = inject(Apollo);

  readonly approval = input.required<ApprovalBitsFragment>();
  protected readonly busy = signal(false);
  protected readonly refused = signal<readonly string[]>([]);
  protected readonly may = computed(() => this.approval().actions.find((one) => one.action === "DECIDE_APPROVAL"));

  protected say(verdict: Verdict, form: HTMLFormElement): void {
    if (verdict === "APPROVE" && !form.reportValidity()) return;
    this.busy.set(true);
    const values = new FormData(form);
    const parameters = this.approval().parameters.map(({ name, kind }) => {
      const text = String(values.get(name) ?? "");
      const value =
        kind === "BOOLEAN" ? { boolean: values.has(name) } : kind === "INTEGER" ? { integer: Number(text) } : { string: text };
      return { name, value };
    });
    const { id, revision } = this.approval();
    const answers = verdict === "APPROVE" ? parameters : [];
    const input = { approvalId: id, verdict, parameters: answers, expectedRevision: revision };
    this.apollo.mutate({ mutation: DecideApprovalDocument, variables: { input } }).subscribe({
      next: ({ data }) => {
        this.busy.set(false);
        this.refused.set((data?.decideApproval?.userErrors ?? []).map((error) => error.message));
      },
      error: (error: unknown) => {
        this.busy.set(false);
        this.refused.set([problem(error)]);
      },
    });
  }
}
