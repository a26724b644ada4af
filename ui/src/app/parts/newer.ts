/** Of two pictures of one thing, the one with the higher revision; of two alike, the one told last. */
export function newer<T extends { readonly revision: number }>(known: T | null | undefined, told: T): T {
  return known && known.revision > told.revision ? known : told;
}
