import { DIALOG_DATA, DialogRef } from "@angular/cdk/dialog";
import { Component, inject, signal } from "@angular/core";

import {
  AddEnvironmentDocument,
  type EnvironmentBitsFragment,
  type EnvironmentRole,
  type TokenMode,
  UpdateEnvironmentDocument,
} from "../../api/operations";
import { Sending } from "../../core/send";
import { DialogFrame } from "../../parts/dialog";
import { Control, Field } from "../../parts/field";
import { MODES } from "./modes";

/** Whose settings are changed: an environment that is there, or a new one. */
export interface Subject {
  readonly projectId: string;
  readonly environment: EnvironmentBitsFragment | null;
  /** Whether the project has the one environment in which builds run. */
  readonly hasBuilder: boolean;
}

const FIELDS = [
  "displayName",
  "endpoint/name",
  "endpoint/url",
  "namespace",
  "role",
  "position",
  "protection/requiredApprovals",
  "caBundle",
  "registryHost",
  "tokenMode",
  "client/clientId",
  "client/clientSecret",
  "client/scopes",
  "client/issuer",
];

/** Adds an environment, or changes one. */
@Component({
  selector: "alm-environment-dialog",
  imports: [DialogFrame, Control, Field],
  providers: [Sending],
  templateUrl: "./environment-dialog.html",
})
export class EnvironmentDialog {
  private readonly ref = inject<DialogRef<EnvironmentBitsFragment>>(DialogRef);
  private readonly subject = inject<Subject>(DIALOG_DATA);
  protected readonly it = this.subject.environment;
  protected readonly hasBuilder = this.subject.hasBuilder;
  protected readonly sending = inject(Sending);
  protected readonly modes = Object.entries(MODES);
  protected readonly role = signal<EnvironmentRole>(this.it?.role ?? "TARGET");

  protected choose(role: string): void {
    this.role.set(role as EnvironmentRole);
  }

  protected async save(form: HTMLFormElement): Promise<void> {
    const values = new FormData(form);
    const text = (name: string) => String(values.get(name) ?? "").trim();
    const shared = {
      displayName: text("displayName"),
      namespace: text("namespace"),
      caBundle: text("caBundle"),
      registryHost: text("registryHost"),
      ...(text("tokenMode") ? { tokenMode: text("tokenMode") as TokenMode } : {}),
      ...(this.role() === "TARGET"
        ? {
            protection: {
              requiredApprovals: Number(text("requiredApprovals") || "0"),
              selfApproval: values.has("selfApproval"),
              inOrder: values.has("inOrder"),
            },
          }
        : {}),
    };
    const told = this.it
      ? await this.sending.send(
          UpdateEnvironmentDocument,
          { input: { ...shared, environmentId: this.it.id, expectedRevision: this.it.revision } },
          (data) => data.updateEnvironment,
          FIELDS,
        )
      : await this.sending.send(
          AddEnvironmentDocument,
          {
            input: {
              ...shared,
              namespace: shared.namespace || null,
              caBundle: shared.caBundle || null,
              registryHost: shared.registryHost || null,
              projectId: this.subject.projectId,
              role: this.role(),
              endpoint: { url: text("url"), name: text("name") },
              ...(text("clientId")
                ? {
                    client: {
                      clientId: text("clientId"),
                      clientSecret: String(values.get("clientSecret") ?? "") || null,
                      scopes: text("scopes").split(/[\s,]+/).filter(Boolean),
                      issuer: text("issuer") || null,
                    },
                  }
                : {}),
            },
          },
          (data) => data.addEnvironment,
          FIELDS,
        );
    if (told?.environment) this.ref.close(told.environment);
  }
}
