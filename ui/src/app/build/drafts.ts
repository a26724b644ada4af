import { Injectable, type WritableSignal, signal } from "@angular/core";

import type { ApprovalBitsFragment } from "../api/operations";
import { type Answers, parameterDefaults } from "../parts/question";

/** An answer that is not given yet. */
export interface Draft {
  readonly answers: WritableSignal<Answers>;
  /** What is said with the decision. */
  readonly comment: WritableSignal<string>;
}

/** What is typed as answers to questions: one and the same wherever a question is shown, and kept while newer pictures of it come. */
@Injectable()
export class Drafts {
  private readonly all = new Map<string, Draft>();

  of({ id, parameters }: ApprovalBitsFragment): Draft {
    const known = this.all.get(id);
    if (known) return known;
    const draft = { answers: signal(parameterDefaults(parameters)), comment: signal("") };
    this.all.set(id, draft);
    return draft;
  }
}
