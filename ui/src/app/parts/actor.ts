import type { ActorBitsFragment } from "../api/operations";

/** Whoever did something, in a word. */
export function actorName(actor: ActorBitsFragment): string {
  return actor.__typename === "User" ? actor.displayName : `the service (${actor.component})`;
}
