import { Component, DestroyRef, inject, signal } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { Title } from "@angular/platform-browser";
import { RouterLink } from "@angular/router";
import { Apollo } from "apollo-angular";

import { type ClientBitsFragment, OAuthClientsDocument, RemoveOAuthClientDocument } from "../api/operations";
import { Sending } from "../core/send";
import { confirmed } from "../parts/confirm";
import { Dialogs } from "../parts/dialog";
import { problem } from "../parts/problem";
import { ClientDialog } from "./client-dialog";

/** How this service is known to the OAuth servers of clusters; for administrators. */
@Component({
  selector: "alm-clients",
  imports: [RouterLink],
  providers: [Sending],
  templateUrl: "./clients.html",
})
export class Clients {
  private readonly apollo = inject(Apollo);
  private readonly dialogs = inject(Dialogs);
  private readonly destroyed = inject(DestroyRef);
  protected readonly sending = inject(Sending);

  protected readonly all = signal<readonly ClientBitsFragment[] | null>(null);
  protected readonly forbidden = signal(false);
  protected readonly trouble = signal<string | null>(null);

  constructor() {
    inject(Title).setTitle("OAuth clients · ALM");
    this.load();
  }

  protected load(): void {
    this.apollo
      .query({ query: OAuthClientsDocument, errorPolicy: "all" })
      .pipe(takeUntilDestroyed(this.destroyed))
      .subscribe({
        next: ({ data, error }) => {
          this.forbidden.set(data?.viewer?.isAdmin === false);
          this.all.set(data?.oauthClients ?? null);
          this.trouble.set(error && !this.forbidden() ? problem(error) : null);
        },
        error: (error: unknown) => this.trouble.set(problem(error)),
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
