import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { ErrorLink } from "@apollo/client/link/error";

import { DOCUMENTS } from "../api/documents";

/** A request as GraphQL over HTTP has it, and websockets too. */
interface Request {
  readonly operationName?: string;
  readonly query?: string;
}

/**
 * Sends the hashes of documents in place of their texts: the server knows those of the pages that it serves. A server of another
 * version, which a page may outlive, is sent the texts from then on.
 */
export class Documents {
  private known = true;

  /** The request as it is sent. */
  named<Sent extends Request>(request: Sent): Omit<Sent, "query"> & { readonly query?: string; readonly documentId?: string } {
    const hash = this.known ? DOCUMENTS[request.operationName ?? ""] : undefined;
    if (!hash) return request;
    const { query: _, ...rest } = request;
    return { ...rest, documentId: `sha256:${hash}` };
  }

  /** Asks again by the text, once, where the server does not know the hash; several may be on their way when the first is told so. */
  readonly again = new ErrorLink(({ error, operation, forward }) => {
    if (operation.getContext()["isByText"] || !isUnknown(error)) return undefined;
    this.known = false;
    operation.setContext({ isByText: true });
    return forward(operation);
  });
}

function isUnknown(error: unknown): boolean {
  return (
    CombinedGraphQLErrors.is(error) &&
    error.errors.some(({ extensions }) => extensions?.["code"] === "PERSISTED_QUERY_NOT_FOUND")
  );
}
