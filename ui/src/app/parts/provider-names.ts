import { length } from "./time";

/** What families of providers are called. */
export const KINDS: Readonly<Record<string, string>> = {
  LOCAL: "This machine",
  OPENSHIFT: "OpenShift",
  TEKTON: "Tekton",
  REMOTE: "Another program",
};

/** What the abilities of providers are called, in the order in which people look for them. */
export const CAPABILITIES: readonly (readonly [name: string, words: string])[] = [
  ["STAGES", "Stages"],
  ["PARALLEL_STAGES", "Parallel stages"],
  ["NESTED_STAGES", "Stages inside stages"],
  ["PLANNED_GRAPH", "Planned stages before they start"],
  ["PARAMETERS", "Parameters"],
  ["DESCRIBE", "Parameters known before a start"],
  ["APPROVALS", "Approvals"],
  ["CANCEL", "Cancel"],
  ["RERUN", "Rerun"],
  ["RERUN_FROM_STAGE", "Rerun from a stage"],
  ["LIVE_LOG", "Live log"],
  ["STAGE_LOG", "Log by stage"],
  ["LOG_STREAMS", "Standard output and errors apart"],
  ["LOG_TIMESTAMPS", "Time of each line"],
  ["ARTIFACTS", "Artifacts"],
  ["SECRETS", "Secrets"],
  ["LATE_SECRETS", "Tokens only when a stage needs them"],
  ["DEPLOY", "Deployments"],
];

/** How the health of something is shown. */
export const HEALTH: Readonly<Record<string, { readonly tone: string; readonly mark: string; readonly word: string }>> = {
  HEALTHY: { tone: "succeeded", mark: "✓", word: "Healthy" },
  DEGRADED: { tone: "warning", mark: "!", word: "Degraded" },
  FAILING: { tone: "failed", mark: "✕", word: "Failing" },
  UNKNOWN: { tone: "idle", mark: "?", word: "Not probed yet" },
};

/** How long a probe took; one that failed may have had no answer. */
export function probed({ state, latency }: { readonly state: string; readonly latency: number }): string {
  return `${state === "FAILING" ? "failed after" : "answered in"} ${length(latency)}`;
}

export function health(state: string | null | undefined) {
  return HEALTH[state ?? "UNKNOWN"] ?? { tone: "idle", mark: "?", word: state ?? "" };
}
