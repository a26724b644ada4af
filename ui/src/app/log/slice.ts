import type { StageBitsFragment } from "../api/operations";

/** The part of a log that is shown: what a stage, or one attempt at it, has written. */
export interface Slice {
  readonly stageId: string;
  readonly name: string;
  readonly from: number;
  /** Null while more may come. */
  readonly to: number | null;
  /** Whether lines of other stages lie within, and have to be left out. */
  readonly isMixed: boolean;
}

interface Range {
  readonly fromSeq: number;
  readonly toSeq: number;
}

/** Behind every line. */
const NOWHERE = Number.MAX_SAFE_INTEGER;

/**
 * What a stage has written, which may be nothing; null where the engine does not say of any line which stage it is of. Of a frame it is
 * all that was written while it ran.
 */
export function slice(stages: readonly StageBitsFragment[], stage: StageBitsFragment, attempt: number | null, isOver: boolean): Slice | null {
  const inside = within(stages, stage.id);
  const isFrame = inside.size > 1;
  const tried = attempt === null ? undefined : stage.attempts.find((one) => one.number === attempt);
  const ranges = tried ? [tried.logRange] : stages.filter((one) => inside.has(one.id)).map((one) => one.logRange);
  const known = ranges.filter((range): range is Range => !!range);
  if (!stages.some((one) => one.logRange)) return null;
  const from = Math.min(NOWHERE, ...known.map((range) => range.fromSeq));
  const end = Math.max(0, ...known.map((range) => range.toSeq));
  const mayGrow = !isOver && (tried ? !tried.finishedAt : !stage.finishedAt);
  const others = stages.filter((one) => !inside.has(one.id) && one.logRange);
  const isMixed = known.length > 0 && !isFrame && others.some(({ logRange }) => logRange && logRange.fromSeq <= (mayGrow ? Infinity : end) && logRange.toSeq >= from);
  const name = tried && stage.attempts.length > 1 ? `${stage.name}, attempt ${tried.number}` : stage.name;
  return { stageId: stage.id, name, from, to: mayGrow ? null : end, isMixed };
}

/** A stage and all that is drawn inside it. */
function within(stages: readonly StageBitsFragment[], id: string): ReadonlySet<string> {
  const inside = new Set([id]);
  // Parents come before their children, as a rule: where not, another round finds them.
  for (let before = 0; before !== inside.size; ) {
    before = inside.size;
    for (const stage of stages) if (stage.parent && inside.has(stage.parent.id)) inside.add(stage.id);
  }
  return inside;
}
