import { computed, signal } from "@angular/core";

/**
 * One stop for Tab among many things that arrow keys lead through. Whoever comes in comes to what is chosen, else to where the focus
 * was last, else to the first; inside, the stop goes with the focus, so that the next Tab leads out.
 */
export class Roving {
  private readonly last = signal<string | null>(null);
  private readonly isInside = signal(false);
  /** What has the stop; null where there is nothing. */
  readonly stop = computed(() => {
    const all = this.all();
    const wanted = this.isInside() ? [this.last(), this.chosen()] : [this.chosen(), this.last()];
    return wanted.find((one) => one !== null && all.includes(one)) ?? all[0] ?? null;
  });

  /** The names of all, in their order, and of the one that is chosen. */
  constructor(
    private readonly all: () => readonly string[],
    private readonly chosen: () => string | null,
  ) {}

  entered(name: string | null): void {
    if (name === null) return;
    this.last.set(name);
    this.isInside.set(true);
  }

  left({ currentTarget, relatedTarget }: FocusEvent): void {
    this.isInside.set(relatedTarget instanceof Node && currentTarget instanceof Node && currentTarget.contains(relatedTarget));
  }
}
