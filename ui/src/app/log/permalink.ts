/** Lines that an address names: `#L12`, or `#L10-L20`. */
export interface Chosen {
  readonly from: number;
  readonly to: number;
}

export function chosen(fragment: string | null | undefined): Chosen | null {
  const found = /^L(\d{1,15})(?:-L?(\d{1,15}))?$/.exec(fragment ?? "");
  if (!found) return null;
  const ends = [Number(found[1]), Number(found[2] ?? found[1])];
  const from = Math.min(...ends);
  return from < 1 ? null : { from, to: Math.max(...ends) };
}

export function fragment({ from, to }: Chosen): string {
  return from === to ? `L${from}` : `L${from}-L${to}`;
}
