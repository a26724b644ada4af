import { DOCUMENTS } from "../api/documents";
import { WINDOW } from "../log/cache";
import { chosen } from "../log/permalink";

/** What is asked: the name of an operation, and its variables in the order in which its screen names them. */
export interface Question {
  readonly operationName?: string;
  readonly variables?: unknown;
}

/** Replies that nobody has taken yet. */
const replies = new Map<string, Promise<Response>>();

/**
 * Asks for what the screen at this address begins with, while its scripts are on their way. What is not taken then does no harm: a
 * screen that asks otherwise asks by itself.
 */
export function ahead(token: string | null, address: { readonly pathname: string; readonly hash: string }): void {
  const [, project, service, number] = /^\/ui\/projects\/([\w-]+)\/([\w-]+)\/builds\/(\d{1,9})$/.exec(address.pathname) ?? [];
  if (!token || !number) return;
  const line = chosen(address.hash.slice(1))?.from;
  ask(token, { operationName: "Build", variables: { project, service, number: Number(number) } })
    .then((reply) => reply.clone().json())
    .then((reply: { data?: { build?: { id: string } | null } | null }) => {
      const buildId = reply.data?.build?.id;
      if (buildId) return ask(token, { operationName: "LogWindow", variables: { buildId, window: line ? { around: line } : { tail: WINDOW } } });
      return undefined;
    })
    // Whoever takes the reply sees what went wrong.
    .catch(() => undefined);
}

/** The reply to this question, if it was asked ahead with this token; once. */
export function taken(token: string | null, question: Question): Promise<Response> | undefined {
  const name = named(token, question);
  const reply = replies.get(name);
  replies.delete(name);
  return reply;
}

function ask(token: string, question: Question): Promise<Response> {
  const [hash] = DOCUMENTS[question.operationName ?? ""] ?? [];
  const reply = fetch("/graphql", {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json,application/json;q=0.9",
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ ...question, documentId: `sha256:${hash}` }),
  });
  replies.set(named(token, question), reply);
  return reply;
}

function named(token: string | null, { operationName, variables }: Question): string {
  return JSON.stringify([token, operationName, variables]);
}
