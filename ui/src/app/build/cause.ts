import type { BuildRowFragment } from "../api/operations";

const VERBS: Record<string, string> = {
  MANUAL: "started",
  RERUN: "run again",
  PROMOTION: "promoted",
  ROLLBACK: "rolled back",
};

/** Who or what set a build off, as the beginning of a sentence that a time ends. */
export function cause(trigger: BuildRowFragment["trigger"] | undefined): string {
  if (!trigger) return "";
  if (trigger.kind === "EXTERNAL") return "started on the cluster";
  const verb = VERBS[trigger.kind] ?? trigger.kind.toLowerCase();
  const { actor } = trigger;
  return `${verb} by ${actor.__typename === "User" ? actor.displayName : `the service (${actor.component})`}`;
}
