import type { StageBitsFragment } from "../api/operations";

/** A stage, and where it stands in the tree. */
export interface Branch {
  readonly stage: StageBitsFragment;
  /** From 1 on. */
  readonly level: number;
  readonly isFrame: boolean;
}

/** Deepest that is told apart. */
const DEEPEST = 20;

/** The stages as a tree, read from above to below; what is inside of closed ones is left out. */
export function tree(stages: readonly StageBitsFragment[], closed: ReadonlySet<string>): readonly Branch[] {
  const ids = new Set(stages.map((stage) => stage.id));
  const children = new Map<string, StageBitsFragment[]>();
  for (const stage of stages) {
    const parent = stage.parent && ids.has(stage.parent.id) ? stage.parent.id : "";
    children.set(parent, children.get(parent) ?? []);
    children.get(parent)?.push(stage);
  }
  const found: Branch[] = [];
  const add = (parent: string, level: number): void => {
    for (const stage of children.get(parent) ?? []) {
      const isFrame = children.has(stage.id);
      found.push({ stage, level, isFrame });
      if (isFrame && !closed.has(stage.id) && level < DEEPEST) add(stage.id, level + 1);
    }
  };
  add("", 1);
  return found;
}
