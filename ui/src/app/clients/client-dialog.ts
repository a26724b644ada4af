import { DIALOG_DATA, DialogRef } from "@angular/cdk/dialog";
import { Component, inject } from "@angular/core";

import {
  type ClientBitsFragment,
  RegisterOAuthClientDocument,
  type TokenMode,
  UpdateOAuthClientDocument,
} from "../api/operations";
import { Sending } from "../core/send";
import { DialogFrame } from "../parts/dialog";
import { Control, Field } from "../parts/field";

const FIELDS = ["origin", "clientId", "clientSecret", "issuer", "scopes", "tokenHosts", "ownToken", "forwardTokensForUs", "audience"];

const WAYS: readonly { readonly mode: TokenMode; readonly text: string }[] = [
  { mode: "SAME_TOKEN", text: "As it is, where the cluster takes it" },
  { mode: "EXCHANGE", text: "Exchanged for one of the cluster's (RFC 8693)" },
  { mode: "SILENT", text: "By a redirect that asks nothing" },
];

/** How this service is known to the OAuth server of an origin: a new client, or one that is there. */
@Component({
  selector: "alm-client-dialog",
  imports: [DialogFrame, Control, Field],
  providers: [Sending],
  templateUrl: "./client-dialog.html",
})
export class ClientDialog {
  private readonly ref = inject<DialogRef<ClientBitsFragment>>(DialogRef);
  protected readonly it = inject<ClientBitsFragment | null>(DIALOG_DATA);
  protected readonly sending = inject(Sending);
  protected readonly ways = WAYS;

  protected async save(form: HTMLFormElement): Promise<void> {
    const values = new FormData(form);
    const text = (name: string) => String(values.get(name) ?? "").trim();
    const list = (name: string) => text(name).split(/[\s,]+/).filter(Boolean);
    const secret = String(values.get("clientSecret") ?? "");
    const own = WAYS.map((way) => way.mode).filter((mode) => values.has(mode));
    const common = { scopes: list("scopes"), tokenHosts: list("tokenHosts"), ownToken: own, forwardTokensForUs: values.has("forwardTokensForUs") };
    const told = this.it
      ? await this.sending.send(
          UpdateOAuthClientDocument,
          {
            input: {
              ...common,
              id: this.it.id,
              expectedRevision: this.it.revision,
              ...(text("clientId") ? { clientId: text("clientId") } : {}),
              ...(values.has("forget") ? { clientSecret: "" } : secret ? { clientSecret: secret } : {}),
              issuer: text("issuer"),
              audience: text("audience"),
            },
          },
          (data) => data.updateOAuthClient,
          FIELDS,
        )
      : await this.sending.send(
          RegisterOAuthClientDocument,
          {
            input: {
              ...common,
              origin: text("origin"),
              clientId: text("clientId") || null,
              clientSecret: secret || null,
              issuer: text("issuer") || null,
              audience: text("audience") || null,
            },
          },
          (data) => data.registerOAuthClient,
          FIELDS,
        );
    if (told?.client) this.ref.close(told.client);
  }
}
