/** Which lines are shown, in their order: a span of the log, or the lines of one stage. A row is a place in it, from 0 on. */
export interface Rows {
  readonly count: number;
  /** Number of the line in this row. */
  seq(row: number): number;
  /** The row of this line, or of the next one that is shown; the last row behind the end. */
  row(seq: number): number;
}

/** All lines from one to another; lines are numbered from 1 on, so that there are none up to 0. */
export function span(first: number, last: number): Rows {
  const count = last < 1 ? 0 : Math.max(0, last - first + 1);
  return {
    count,
    seq: (row) => first + row,
    row: (seq) => Math.min(Math.max(0, seq - first), Math.max(0, count - 1)),
  };
}

/** Of `seqs`, which grow, what is there by now. */
export function some(seqs: readonly number[]): Rows {
  const count = seqs.length;
  return {
    count,
    seq: (row) => seqs[row] ?? 0,
    row: (seq) => {
      let [low, high] = [0, count];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((seqs[middle] ?? 0) < seq) low = middle + 1;
        else high = middle;
      }
      return Math.min(low, Math.max(0, count - 1));
    },
  };
}
