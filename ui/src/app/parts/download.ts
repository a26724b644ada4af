import { Injectable, inject } from "@angular/core";

import { Session } from "../core/session";

/** Fetches a file of the server with the bearer of this tab, which a plain link would not send, and hands it to the browser. */
@Injectable({ providedIn: "root" })
export class Download {
  private readonly session = inject(Session);

  /** Why it could not be had, as a sentence; null where it was. */
  async save(path: string, name: string): Promise<string | null> {
    try {
      const reply = await fetch(path, { headers: { authorization: `Bearer ${this.session.token() ?? ""}` } });
      if (!reply.ok) return `The server answered with ${reply.status}: ${name} was not downloaded.`;
      const address = URL.createObjectURL(await reply.blob());
      const link = document.createElement("a");
      link.href = address;
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      return null;
    } catch {
      return `The server cannot be reached: ${name} was not downloaded.`;
    }
  }
}
