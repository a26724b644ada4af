import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { ErrorLink } from "@apollo/client/link/error";

import { DOCUMENTS, FRAGMENTS } from "../api/documents";
import { HASHES } from "../api/hashes";

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
  private isKnown = true;

  /** The request as it is sent. */
  named<Sent extends Request>(request: Sent): Omit<Sent, "query"> & { readonly query?: string; readonly documentId?: string } {
    const name = request.operationName ?? "";
    const [hash, parts] = [HASHES[name], DOCUMENTS[name]];
    if (!hash || !parts) return request;
    if (!this.isKnown) return { ...request, query: written(parts) };
    const { query: _, ...rest } = request;
    return { ...rest, documentId: `sha256:${hash}` };
  }

  /** Asks again by the text, once, where the server does not know the hash; several may be on their way when the first is told so. */
  readonly again = new ErrorLink(({ error, operation, forward }) => {
    if (operation.getContext()["isByText"] || !isUnknown(error)) return undefined;
    this.isKnown = false;
    operation.setContext({ isByText: true });
    return forward(operation);
  });
}

/** A document written out: its operation, and the fragments of these names. */
function written([operation, ...fragments]: readonly string[]): string {
  return [operation, ...fragments.map((name) => FRAGMENTS[name])].join("\n\n");
}

function isUnknown(error: unknown): boolean {
  return (
    CombinedGraphQLErrors.is(error) &&
    error.errors.some(({ extensions }) => extensions?.["code"] === "PERSISTED_QUERY_NOT_FOUND")
  );
}
