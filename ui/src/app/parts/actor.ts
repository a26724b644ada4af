import type { ActorBitsFragment } from "../api/operations";

/** Whoever did something, in a word. */
export function actorName(actor: ActorBitsFragment): string {
  if (actor.__typename === "User") return actor.displayName;
  return actor.component === "cluster" ? "the cluster" : `the service (${actor.component})`;
}
