import { Injectable, inject } from "@angular/core";
import { Apollo } from "apollo-angular";
import { firstValueFrom } from "rxjs";

import { ConnectDocument, type ConnectionBitsFragment } from "../api/operations";
import { Viewer } from "../core/viewer";
import { newer } from "../parts/newer";
import { problem } from "../parts/problem";

/** The caller's accounts at environments, always as they stand now. */
@Injectable({ providedIn: "root" })
export class Connections {
  private readonly apollo = inject(Apollo);
  private readonly viewer = inject(Viewer);

  /** The newest picture of an account, of the one that a page was given and the one that the shell's stream told. */
  newest(given: ConnectionBitsFragment | null | undefined): ConnectionBitsFragment | null {
    if (!given) return null;
    return newer(this.of(given.environment.id), given);
  }

  /** The account at an environment; nothing where none was ever begun. */
  of(environmentId: string): ConnectionBitsFragment | undefined {
    return this.viewer.connections().find((one) => one.environment.id === environmentId);
  }

  /** Leaves for the sign-in page of an environment; it comes back to this page. Why not, if it cannot. */
  async connect(environmentId: string, returnTo = location.pathname + location.search + location.hash): Promise<readonly string[]> {
    try {
      const input = { environmentId, returnTo };
      const { data } = await firstValueFrom(this.apollo.mutate({ mutation: ConnectDocument, variables: { input } }));
      const { authorizationUrl: url, userErrors } = data?.startOAuthConnection ?? {};
      if (url) location.assign(url);
      return userErrors?.map((error) => error.message) ?? [];
    } catch (error) {
      return [problem(error)];
    }
  }
}
