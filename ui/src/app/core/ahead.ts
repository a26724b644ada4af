import { HASHES } from "../api/hashes";
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
  // The build is given away when its log has been asked for, so that its screen does not ask for that too.
  keep(token, { operationName: "Build", variables: { project, service, number: Number(number) } }, (text) => {
    const buildId = idOf(text);
    if (buildId) keep(token, { operationName: "LogWindow", variables: { buildId, window: line ? { around: line } : { tail: WINDOW } } });
  });
}

/** The reply to this question, if it was asked ahead with this token; once. */
export function taken(token: string | null, question: Question): Promise<Response> | undefined {
  const name = named(token, question);
  const reply = replies.get(name);
  replies.delete(name);
  return reply;
}

/** Asks, and keeps the reply until somebody takes it; `then` sees what is in it before. */
function keep(token: string, question: Question, then: (text: string) => void = () => undefined): void {
  const asked = fetch("/graphql", {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json,application/json;q=0.9",
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ ...question, documentId: `sha256:${HASHES[question.operationName ?? ""]}` }),
  });
  const seen = asked.then(async (reply) => {
    // Read at once, so that whoever takes it waits for nothing.
    const text = await reply.text();
    // What is wrong with it is seen by whoever takes it.
    then(text);
    return new Response(text || null, { status: reply.status, statusText: reply.statusText, headers: reply.headers });
  });
  seen.catch(() => undefined);
  replies.set(named(token, question), seen);
}

/** The id of the build in this reply, if there is one. */
function idOf(text: string): string | undefined {
  try {
    const told = JSON.parse(text) as { data?: { build?: { id?: string } | null } | null } | null;
    return told?.data?.build?.id;
  } catch {
    return undefined;
  }
}

function named(token: string | null, { operationName, variables }: Question): string {
  return JSON.stringify([token, operationName, variables]);
}
