import type { AuditBitsFragment, AuditFilter, AuditOutcome } from "../api/operations";

/** What stands in the address: all of it is optional, and anything else in it is left out. */
export interface AuditQuery {
  readonly verb?: string | undefined;
  readonly outcome?: string | undefined;
  /** The id of whoever did it. */
  readonly actor?: string | undefined;
  /** Days, as `2026-11-22`; both are included. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const OUTCOMES: readonly string[] = ["DONE", "DENIED", "FAILED"] satisfies AuditOutcome[];

/** The filter for the server; days are those of the reader's zone. */
export function filterOf(query: AuditQuery): AuditFilter {
  const outcome = OUTCOMES.includes(query.outcome ?? "") ? (query.outcome as AuditOutcome) : null;
  return {
    verbPrefix: query.verb?.trim() || null,
    outcome,
    actorId: query.actor?.trim() || null,
    since: day(query.from, 0),
    until: day(query.to, 1),
  };
}

/** The beginning of a day, some days on. */
function day(text: string | undefined, later: number): string | null {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text ?? "");
  if (!found) return null;
  const at = new Date(Number(found[1]), Number(found[2]) - 1, Number(found[3]) + later);
  // The end of a day is the last moment before the next one.
  return Number.isNaN(at.getTime()) ? null : new Date(at.getTime() - later).toISOString();
}

/** Whether the server would list it: events of the stream come unfiltered. */
export function fits({ verb, outcome, actor, at }: Pick<AuditBitsFragment, "verb" | "outcome" | "actor" | "at">, filter: AuditFilter): boolean {
  const by = actor.__typename === "User" ? actor.id : null;
  const moment = Date.parse(at);
  return (
    verb.startsWith(filter.verbPrefix ?? "") &&
    (!filter.outcome || outcome === filter.outcome) &&
    (!filter.actorId || by === filter.actorId) &&
    (!filter.since || moment >= Date.parse(filter.since)) &&
    (!filter.until || moment <= Date.parse(filter.until))
  );
}
