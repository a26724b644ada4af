import type { BuildEntryFragment, BuildFilter, RunStatus } from "../api/operations";
import type { Query } from "../core/addressed";

/** What builds are filtered by, in the address. */
export const NAMES = ["status", "service", "ref", "commit", "mine"] as const;
export type BuildQuery = Query<(typeof NAMES)[number]>;

/** What people look for, and which states that is. */
export const STATES: readonly { readonly value: string; readonly words: string; readonly statuses: readonly RunStatus[] }[] = [
  {
    value: "unfinished",
    words: "Not finished",
    statuses: ["PLANNED", "QUEUED", "RUNNING", "WAITING_FOR_APPROVAL", "WAITING_FOR_CREDENTIAL", "CANCELLING"],
  },
  { value: "waiting", words: "Waiting for somebody", statuses: ["WAITING_FOR_APPROVAL", "WAITING_FOR_CREDENTIAL"] },
  { value: "succeeded", words: "Succeeded", statuses: ["SUCCEEDED"] },
  { value: "unstable", words: "Unstable", statuses: ["UNSTABLE"] },
  { value: "failed", words: "Failed or errored", statuses: ["FAILED", "ERRORED"] },
  { value: "cancelled", words: "Cancelled", statuses: ["CANCELLED", "SKIPPED"] },
];

/** What is wrong with the commit that is looked for. */
export function wrongCommit({ commit }: BuildQuery): string | null {
  return !commit || /^[0-9a-f]{7,64}$/i.test(commit) ? null : "Give the first 7 characters of the commit, or more: 0 to 9, a to f.";
}

/** What the server is asked for. */
export interface Wanted {
  readonly filter: BuildFilter | null;
  /** What cannot be there: no build service is called so. */
  readonly isNowhere: boolean;
  /** The build services have to be known before the builds of one can be asked for. */
  readonly isSure: boolean;
}

/** What this asks for; what is no filter is left out. */
export function wanted(query: BuildQuery, services: readonly { readonly id: string; readonly slug: string }[] | null): Wanted {
  const statuses = STATES.find(({ value }) => value === query.status)?.statuses;
  const service = services?.find(({ slug }) => slug === query.service);
  const filter: BuildFilter = {
    ...(statuses && { statuses }),
    ...(service && { serviceIds: [service.id] }),
    ...(query.ref && { ref: query.ref }),
    ...(query.commit && !wrongCommit(query) && { sha: query.commit }),
    ...(query.mine === "true" && { mine: true }),
  };
  return {
    filter: Object.keys(filter).length > 0 ? filter : null,
    isNowhere: services !== null && query.service !== undefined && !service,
    isSure: services !== null || query.service === undefined,
  };
}

type Bits = Pick<BuildEntryFragment, "status" | "ref" | "commit" | "service" | "trigger">;

/** Whether the server would list it: events of a project are about all of its builds. */
export function fits({ status, ref, commit, service, trigger }: Bits, filter: BuildFilter | null, isMine: (actor: Bits["trigger"]["actor"]) => boolean): boolean {
  return (
    (!filter?.statuses || filter.statuses.includes(status)) &&
    (!filter?.ref || ref === filter.ref) &&
    (!filter?.sha || commit?.sha.startsWith(filter.sha.toLowerCase()) === true) &&
    (!filter?.serviceIds || filter.serviceIds.includes(service.id)) &&
    (!filter?.mine || isMine(trigger.actor))
  );
}
