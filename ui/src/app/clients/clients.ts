import { Component, effect, inject, signal, untracked } from "@angular/core";
import { Title } from "@angular/platform-browser";
import { RouterLink } from "@angular/router";

import { type ClientBitsFragment, OAuthClientsDocument, RemoveOAuthClientDocument } from "../api/operations";
import { Reading } from "../core/reading";
import { Sending } from "../core/send";
import { Viewer } from "../core/viewer";
import { confirmed } from "../parts/confirm";
import { Dialogs } from "../parts/dialog";
import { Trouble } from "../parts/trouble";
import { ClientDialog } from "./client-dialog";

/** How this service is known to the OAuth servers of clusters; for administrators. */
@Component({
  selector: "alm-clients",
  imports: [RouterLink, Trouble],
  providers: [Sending],
  templateUrl: "./clients.html",
})
export class Clients {
  private readonly dialogs = inject(Dialogs);
  protected readonly viewer = inject(Viewer);
  protected readonly sending = inject(Sending);
  protected readonly reading = new Reading();

  protected readonly all = signal<readonly ClientBitsFragment[] | null>(null);

  constructor() {
    inject(Title).setTitle("OAuth clients · ALM");
    effect(() => {
      if (this.viewer.admitted()) untracked(() => this.reading.ask(OAuthClientsDocument, {}, "oauthClients", ({ oauthClients }) => this.all.set(oauthClients ?? [])));
    });
  }

  protected edit(client: ClientBitsFragment | null): void {
    const title = client ? `The client for ${client.origin}` : "Register an OAuth client";
    this.dialogs
      .open<ClientBitsFragment, ClientBitsFragment | null, ClientDialog>(ClientDialog, title, client)
      .subscribe((told) => {
        if (!told) return;
        const others = (this.all() ?? []).filter((one) => one.id !== told.id);
        this.all.set([...others, told].sort((a, b) => a.origin.localeCompare(b.origin)));
      });
  }

  protected remove(client: ClientBitsFragment): void {
    const words = `Nobody can connect an account at ${client.origin} any more. What is connected works on until it ends, and is not renewed.`;
    confirmed(this.dialogs, `Remove the client for ${client.origin}`, { words, verb: "Remove" }).subscribe(async (wanted) => {
      if (!wanted) return;
      const variables = { input: { id: client.id, expectedRevision: client.revision } };
      const told = await this.sending.send(RemoveOAuthClientDocument, variables, (data) => data.removeOAuthClient);
      if (told) this.all.update((all) => all?.filter((one) => one.id !== client.id) ?? null);
    });
  }
}
