import { DIALOG_DATA, DialogRef } from "@angular/cdk/dialog";
import { Component, inject } from "@angular/core";

import { CancelDeploymentDocument, type DeploymentBitsFragment } from "../../api/operations";
import { Sending } from "../../core/send";
import { DialogFrame } from "../../parts/dialog";

/** Asks whether a deployment on its way is to be stopped. */
@Component({
  selector: "alm-cancel-dialog",
  imports: [DialogFrame],
  providers: [Sending],
  template: `
    <alm-dialog [refused]="sending.at()" closing="Let it go on">
      <p>
        @if (it.carriedOutBy.id === it.build.id) {
          Build #{{ it.build.number }} deploys as one of its stages: all of that build is cancelled.
        } @else {
          Build #{{ it.carriedOutBy.number }}, which brings it there, is cancelled.
        }
        What runs in {{ it.environment.displayName }} now goes on running.
      </p>
      <button actions type="button" class="danger" [disabled]="sending.busy()" (click)="send()">Stop it</button>
    </alm-dialog>
  `,
})
export class CancelDialog {
  private readonly ref = inject<DialogRef<void>>(DialogRef);
  protected readonly it = inject<DeploymentBitsFragment>(DIALOG_DATA);
  protected readonly sending = inject(Sending);

  protected async send(): Promise<void> {
    const variables = { input: { deploymentId: this.it.id } };
    if (await this.sending.send(CancelDeploymentDocument, variables, (data) => data.cancelDeployment)) this.ref.close();
  }
}
