import { CombinedGraphQLErrors, ServerError } from "@apollo/client/errors";

/** What went wrong, as a sentence for people. */
export function problem(error: unknown): string {
  if (CombinedGraphQLErrors.is(error)) return error.errors.map((one) => one.message).join("; ");
  if (ServerError.is(error)) return `The server answered with ${error.statusCode}.`;
  return "The server cannot be reached.";
}
