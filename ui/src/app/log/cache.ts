import type { LineBitsFragment } from "../api/operations";

export type Line = LineBitsFragment;

/** Lines that are fetched together. */
export const WINDOW = 500;

/** What is kept at hand; the windows that were not looked at for longest go first, and can be fetched again. */
export const MOST = { windows: 80, characters: 40_000_000 };

interface Kept {
  readonly lines: Map<number, Line>;
  characters: number;
}

export function windowOf(seq: number): number {
  return Math.floor((seq - 1) / WINDOW);
}

/** Lines by number, in windows, bounded. */
export class Cache {
  /** In the order in which they were looked at. */
  private readonly windows = new Map<number, Kept>();
  private characters = 0;

  get(seq: number): Line | undefined {
    const at = windowOf(seq);
    const kept = this.windows.get(at);
    if (!kept) return undefined;
    this.windows.delete(at);
    this.windows.set(at, kept);
    return kept.lines.get(seq);
  }

  /** Lines that are known already are kept once. */
  put(lines: readonly Line[]): void {
    for (const line of lines) {
      const at = windowOf(line.seq);
      let kept = this.windows.get(at);
      if (!kept) this.windows.set(at, (kept = { lines: new Map(), characters: 0 }));
      const known = kept.lines.get(line.seq)?.text.length ?? 0;
      kept.lines.set(line.seq, line);
      kept.characters += line.text.length - known;
      this.characters += line.text.length - known;
    }
    for (const [at, kept] of this.windows) {
      if (this.windows.size <= MOST.windows && (this.characters <= MOST.characters || this.windows.size <= 2)) break;
      this.windows.delete(at);
      this.characters -= kept.characters;
    }
  }

  clear(): void {
    this.windows.clear();
    this.characters = 0;
  }

  get size(): number {
    return [...this.windows.values()].reduce((sum, kept) => sum + kept.lines.size, 0);
  }
}
