/** From what needs a person soonest to what needs nobody. */
const ORDER = [
  "FAILED", "ERRORED", "WAITING_FOR_APPROVAL", "WAITING_FOR_CREDENTIAL", "UNSTABLE", "CANCELLING", "RUNNING", "QUEUED", "PLANNED",
  "CANCELLED", "SUCCEEDED", "SKIPPED",
];

/** How many have each status, the worst first. */
export function counted(statuses: readonly string[]): readonly { readonly status: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  const rank = (status: string): number => (ORDER.includes(status) ? ORDER.indexOf(status) : ORDER.length);
  return [...counts].map(([status, count]) => ({ status, count })).sort((a, b) => rank(a.status) - rank(b.status));
}
