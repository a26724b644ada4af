import { DIALOG_DATA, DialogRef } from "@angular/cdk/dialog";
import { Component, inject, signal } from "@angular/core";
import { Apollo } from "apollo-angular";

import { CancelDeploymentDocument, type DeploymentBitsFragment } from "../../api/operations";
import { DialogFrame } from "../../parts/dialog";
import { problem } from "../../parts/problem";

/** Asks whether a deployment on its way is to be stopped. */
@Component({
  selector: "alm-cancel-dialog",
  imports: [DialogFrame],
  template: `
    <alm-dialog [refused]="refused()" closing="Let it go on">
      <p>
        @if (it.carriedOutBy.id === it.build.id) {
          Build #{{ it.build.number }} deploys as one of its stages: all of that build is cancelled.
        } @else {
          Build #{{ it.carriedOutBy.number }}, which brings it there, is cancelled.
        }
        What runs in {{ it.environment.displayName }} now goes on running.
      </p>
      <button actions type="button" class="danger" [disabled]="busy()" (click)="send()">Stop it</button>
    </alm-dialog>
  `,
})
export class CancelDialog {
  private readonly apollo = inject(Apollo);
  private readonly ref = inject<DialogRef<void>>(DialogRef);
  protected readonly it = inject<DeploymentBitsFragment>(DIALOG_DATA);
  protected readonly busy = signal(false);
  protected readonly refused = signal<readonly string[]>([]);

  protected send(): void {
    this.busy.set(true);
    const variables = { input: { deploymentId: this.it.id } };
    this.apollo.mutate({ mutation: CancelDeploymentDocument, variables }).subscribe({
      next: ({ data }) => {
        const errors = data?.cancelDeployment?.userErrors ?? [];
        if (errors.length === 0) return this.ref.close();
        this.busy.set(false);
        this.refused.set(errors.map((error) => error.message));
      },
      error: (error: unknown) => {
        this.busy.set(false);
        this.refused.set([problem(error)]);
      },
    });
  }
}
