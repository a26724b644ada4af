import { newer } from "./newer";

/** Something of a list: one thing by its id, of which each picture has a revision. */
interface Entry {
  readonly id: string;
  readonly revision: number;
}

interface PageInfo {
  readonly hasNextPage: boolean;
  readonly endCursor?: string | null;
}

/** Where a list goes on behind this page; null where it does not. */
export function next({ hasNextPage, endCursor }: PageInfo): string | null {
  return hasNextPage ? (endCursor ?? null) : null;
}

/** A list in this order with one of its things: a new one, or another picture of a known one, of which the newer is kept. */
export function put<T extends Entry>(all: readonly T[], told: T, order: (one: T, other: T) => number): readonly T[] {
  const known = all.find(({ id }) => id === told.id);
  if (known) return all.map((one) => (one === known ? newer(known, told) : one));
  return [...all, told].sort(order);
}

/** Whether what was read of a list goes on from its newest page, as it is told now: nothing between them may be missing. */
export function adjoins(known: readonly Entry[], told: readonly Entry[], { hasNextPage }: PageInfo): boolean {
  return !hasNextPage || told.some((one) => known.some(({ id }) => id === one.id));
}
