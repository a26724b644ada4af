import { Injectable, inject } from "@angular/core";
import { Apollo } from "apollo-angular";

import { type ParameterBitsFragment, StartFormDocument, type StartFormQuery } from "../../api/operations";
import { problem } from "../../parts/problem";

type Account = NonNullable<StartFormQuery["canStart"]>["environments"][number];

const UNREAD =
  "The pipeline cannot be read there now, so that its parameters are not known: the reference may not be there, the file may be " +
  "wrong, or the repository is slow. A build that is started all the same will say which.";

/** What a start of a build service takes, as far as the server can tell. */
export interface StartForm {
  readonly parameters: readonly ParameterBitsFragment[];
  /** Accounts that a build would be held for. */
  readonly missing: readonly Account[];
  /** What else can be said of the accounts: those that end while the build runs. */
  readonly warnings: readonly Account[];
  /** Why the parameters are not known: the definition cannot be read, or is wrong. Null where they are. */
  readonly trouble: string | null;
}

/** Asks what a start takes. */
@Injectable({ providedIn: "root" })
export class StartForms {
  private readonly apollo = inject(Apollo);

  async ask(service: string, ref: string | null): Promise<StartForm> {
    const variables = { service, ref };
    return new Promise((resolve) => {
      const nothing = { parameters: [], missing: [], warnings: [] };
      this.apollo.query({ query: StartFormDocument, variables }).subscribe({
        next: ({ data }) => {
          const node = data?.node?.__typename === "BuildService" ? data.node : null;
          const isUnread = node?.parameters === null && node.provider.capabilities.includes("DESCRIBE");
          const accounts = data?.canStart?.environments ?? [];
          resolve({
            parameters: node?.parameters ?? [],
            missing: accounts.filter((one) => one.blocks),
            warnings: accounts.filter((one) => !one.blocks && one.message),
            trouble: isUnread ? UNREAD : null,
          });
        },
        error: (error: unknown) => resolve({ ...nothing, trouble: problem(error) }),
      });
    });
  }
}
