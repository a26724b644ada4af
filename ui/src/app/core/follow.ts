import { Injectable, inject } from "@angular/core";
import type { OperationVariables, TypedDocumentNode } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { Apollo } from "apollo-angular";
import { Observable } from "rxjs";

import { Session } from "./session";
import { Socket } from "./socket";

/** What every event of every stream has. */
interface StreamEvent {
  readonly __typename: string;
  readonly cursor?: string;
  readonly reason?: string;
}

/** First and longest pause before a lost stream is asked for again, in milliseconds. */
const PAUSES = { first: 200, longest: 3_000 };

/** Streams that go on by their own cursor: whatever happens to the socket, each event is told once, in order. */
@Injectable({ providedIn: "root" })
export class Follow {
  private readonly apollo = inject(Apollo);
  private readonly session = inject(Session);
  private readonly socket = inject(Socket);

  /** The events of a subscription whose only field is the stream, from behind `after` on, until the server says that it is over. */
  events<Data, Variables extends OperationVariables & { after?: string | null }, Event extends StreamEvent>(
    query: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    pick: (data: Data) => Event,
  ): Observable<Event> {
    return new Observable<Event>((told) => {
      let after = variables.after ?? null;
      let pause = PAUSES.first;
      let over = false;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let now: { unsubscribe(): void } | undefined;
      let notSignedIn: (() => void) | undefined;

      const again = (): void => {
        if (over || told.closed) return;
        this.socket.missed();
        clearTimeout(timer);
        timer = setTimeout(begin, pause * (0.5 + Math.random() / 2));
        pause = Math.min(pause * 2, PAUSES.longest);
      };
      // Without a sign-in there is nothing to ask for.
      const begin = (): void => {
        notSignedIn = this.session.whenSignedIn(ask);
      };
      // What the server refuses stays refused; all else is a lost connection.
      const lost = (error: unknown): void => (CombinedGraphQLErrors.is(error) ? told.error(error) : again());
      const ask = (): void => {
        now = this.apollo
          .subscribe<Data, Variables>({ query, variables: { ...variables, after }, fetchPolicy: "no-cache" })
          .subscribe({
            next: ({ data, error }) => {
              if (error) return lost(error);
              if (!data) return told.error(new Error("the stream told nothing"));
              const event = pick(data as Data);
              pause = PAUSES.first;
              after = event.cursor ?? after;
              over = event.__typename === "StreamEnded" && event.reason === "COMPLETE";
              told.next(event);
              if (over) told.complete();
            },
            error: lost,
            complete: again,
          });
      };
      begin();
      return () => {
        clearTimeout(timer);
        notSignedIn?.();
        now?.unsubscribe();
      };
    });
  }
}
