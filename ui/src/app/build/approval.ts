import { Component, ElementRef, computed, inject, input, signal } from "@angular/core";

import { type ApprovalBitsFragment, type AwaitedBitsFragment, DecideApprovalDocument, type Verdict } from "../api/operations";
import { Sending } from "../core/send";
import { byName, parameterInputs, parameterQuestions } from "../parts/question";
import { Questions, complete, names } from "../parts/questions";
import { Ago } from "../parts/time";
import { Awaited } from "./awaited";
import { Drafts } from "./drafts";
import { Said } from "./said";

/** A question to people, and their answer in place. */
@Component({
  selector: "alm-approval",
  imports: [Ago, Awaited, Questions, Said],
  providers: [Sending],
  template: `
    @let it = approval();
    <section class="card approval" tabindex="-1" [attr.aria-label]="within() ? within() + ': ' + it.message : it.message">
      <p><strong>{{ it.message }}</strong> <span class="hint asked">asked <alm-ago [at]="it.requestedAt" /></span></p>
      @if (it.status === "PENDING" && it.expiresAt; as at) {
        <p class="hint">Without an answer it lapses <alm-ago [at]="at" />.</p>
      }
      <alm-said [approval]="it" />
      @if (it.status === "DELIVERING") {
        @if (waitsFor().length > 0) {
          <p role="status">The answer is kept, and is delivered once this account is connected:</p>
          <alm-awaited [accounts]="waitsFor()" />
        } @else {
          <p role="status">The answer is on its way to the engine.</p>
        }
      }
      @if (it.status === "PENDING" && may(); as decide) {
        <form (submit)="$event.preventDefault()">
          <alm-questions
            [questions]="questions()"
            [answers]="draft().answers()"
            (answersChange)="draft().answers.set($event)"
            [refused]="sending.refused()"
            [tried]="tried()"
            prefix="parameters/"
          />
          @if (decide.allowed) {
            <div class="field">
              <label [for]="key() + '-words'">Why (optional)</label>
              <textarea #words [id]="key() + '-words'" class="line" rows="1" maxlength="1000" [value]="draft().comment()" (input)="draft().comment.set(words.value)"></textarea>
            </div>
          }
          <div class="bar">
            <button type="button" [disabled]="!decide.allowed || sending.busy()" [attr.aria-describedby]="describedBy()" (click)="say('APPROVE')">
              {{ it.proceedLabel }}
            </button>
            <button
              type="button"
              class="danger"
              [disabled]="!decide.allowed || sending.busy()"
              [attr.aria-describedby]="describedBy()"
              (click)="say('REJECT')"
            >
              Reject
            </button>
          </div>
          @if (decide.reason; as why) {
            <p class="hint" [id]="key() + '-why'">{{ why }}</p>
          }
        </form>
      }
      @for (why of sending.at(); track $index) {
        <p role="alert" class="refused">{{ why }}</p>
      }
    </section>
  `,
})
export class Approval {
  protected readonly sending = inject(Sending);
  private readonly drafts = inject(Drafts);
  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef);

  readonly approval = input.required<ApprovalBitsFragment>();
  /** Accounts that something of the build waits for. */
  readonly accounts = input<readonly AwaitedBitsFragment[]>([]);
  /** The stage at which it is shown, where it stands elsewhere on the page too. */
  readonly within = input<string>();
  /** Those without which the answer is not delivered. */
  protected readonly waitsFor = computed(() => this.accounts().filter((one) => one.approval?.id === this.approval().id));
  protected readonly tried = signal(false);
  protected readonly may = computed(() => this.approval().actions.find((one) => one.action === "DECIDE_APPROVAL"));
  protected readonly describedBy = computed(() => (this.may()?.reason ? `${this.key()}-why` : null));
  protected readonly questions = computed(() => parameterQuestions(this.approval().parameters));
  protected readonly draft = computed(() => this.drafts.of(this.approval()));
  protected readonly key = computed(() => (this.within() ? `${this.approval().id}-within` : this.approval().id));

  protected async say(verdict: Verdict): Promise<void> {
    const isYes = verdict === "APPROVE";
    this.tried.set(isYes);
    if (isYes && !complete(this.questions(), this.draft().answers())) return;
    const { id, revision, parameters: asked } = this.approval();
    const parameters = isYes ? parameterInputs(asked, this.draft().answers()) : [];
    const input = { approvalId: id, verdict, comment: this.draft().comment().trim() || null, parameters, expectedRevision: revision };
    const fields = names(this.questions(), "parameters/");
    const told = await this.sending.send(DecideApprovalDocument, { input }, (data) => data.decideApproval, fields, byName(parameters));
    // The buttons go away with the answer: whoever pressed one stays at the question.
    if (told) this.host.nativeElement.querySelector("section")?.focus();
  }
}
