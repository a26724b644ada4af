import { inject, signal } from "@angular/core";
import type { OperationVariables, TypedDocumentNode } from "@apollo/client";
import { Apollo } from "apollo-angular";

import { problem } from "../parts/problem";

/** What the server refuses, and where. */
export interface Refusal {
  readonly message: string;
  readonly path?: readonly string[] | null;
}

/** Refusals by the field that shows them; those of no field are under the empty name. */
export type Refused = ReadonlyMap<string, readonly string[]>;

/**
 * Puts each refusal to the field whose name it begins with: names are paths into `input`, joined by `/`. What concerns none of the
 * fields stands for the whole form, so that nothing is ever swallowed.
 */
export function placed(refusals: readonly Refusal[], fields: readonly string[]): Refused {
  const all = new Map<string, string[]>();
  for (const { message, path } of refusals) {
    const at = (path ?? []).join("/");
    const fits = fields.filter((field) => at === field || at.startsWith(`${field}/`)).sort((a, b) => b.length - a.length);
    const field = fits[0] ?? "";
    all.set(field, [...(all.get(field) ?? []), message]);
  }
  return all;
}

interface Payload {
  readonly userErrors: readonly Refusal[];
}

/**
 * A change, and where its payload is in what is answered. `fields` are those that the form shows; `renamed` gives the field's path
 * where it is not the one of the input.
 */
type Change<Data, Variables, Told> = [
  mutation: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  payload: (data: Data) => Told | null | undefined,
  fields?: readonly string[],
  renamed?: (path: readonly string[]) => readonly string[],
];

/** What a form sends: one change at a time, and what was refused of it. */
export class Sending {
  private readonly apollo = inject(Apollo);

  readonly busy = signal(false);
  readonly refused = signal<Refused>(new Map());

  /** What is wrong with the field of this name; of the whole form without one. */
  at(field = ""): readonly string[] {
    return this.refused().get(field) ?? [];
  }

  clear(): void {
    this.refused.set(new Map());
  }

  /** Sends a change, and resolves to its payload; to nothing where it was refused or did not arrive. */
  async send<Data, Variables extends OperationVariables, Told extends Payload>(...change: Change<Data, Variables, Told>): Promise<Told | null> {
    const told = await this.tell(...change);
    return told && told.userErrors.length === 0 ? told : null;
  }

  /** The same, and resolves to the payload also where something of it was refused: what was made may have to wait. */
  tell<Data, Variables extends OperationVariables, Told extends Payload>(
    ...[mutation, variables, payload, fields = [], renamed = (path) => path]: Change<Data, Variables, Told>
  ): Promise<Told | null> {
    if (this.busy()) return Promise.resolve(null);
    this.busy.set(true);
    return new Promise((resolve) => {
      const over = (refusals: readonly Refusal[], told: Told | null): void => {
        this.busy.set(false);
        this.refused.set(placed(refusals, fields));
        resolve(told);
      };
      this.apollo.mutate<Data, Variables>({ mutation, variables }).subscribe({
        next: ({ data }) => {
          const told = data ? (payload(data as Data) ?? null) : null;
          const errors = told?.userErrors ?? [{ message: "The server gave no answer. Try again." }];
          over(errors.map(({ message, path }) => ({ message, path: path ? renamed(path) : path })), told);
        },
        error: (error: unknown) => over([{ message: problem(error) }], null),
      });
    });
  }
}
