import type { Node } from "./layout";

/** More siblings than this are drawn as one box that counts them, until somebody opens it. */
export const MOST_SIBLINGS = 12;

/** Many stages that wait for the same, drawn as one. */
export interface Fold extends Node {
  readonly kind: "FOLD";
  /** The siblings; what is drawn inside them is left out with them. */
  readonly members: readonly string[];
}

/** Groups of siblings that are too many to be drawn, by names and dependencies alone: no status folds or unfolds anything. */
export function folds<N extends Node>(nodes: readonly N[]): readonly Fold[] {
  const groups = new Map<string, N[]>();
  for (const node of nodes) {
    const alike = `${node.parent?.id ?? ""} ${node.dependsOn.map(({ id }) => id).sort().join(" ")}`;
    const known = groups.get(alike);
    if (known) known.push(node);
    else groups.set(alike, [node]);
  }
  return [...groups].flatMap(([alike, members]) => {
    const [first] = members;
    if (!first || members.length <= MOST_SIBLINGS) return [];
    const { parent, dependsOn } = first;
    return [{ id: `fold ${alike}`, name: `${members.length} stages`, kind: "FOLD", parent, dependsOn, members: members.map(({ id }) => id) }];
  });
}

/** The nodes that are drawn: those that are folded, and all inside them, are replaced by the fold. */
export function drawn<N extends Node>(nodes: readonly N[], closed: readonly Fold[]): readonly (N | Fold)[] {
  const into = new Map(closed.flatMap((fold) => fold.members.map((id) => [id, fold.id] as const)));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  // What is inside of what is folded goes where that goes; a circle of parents ends.
  const home = (id: string): string | undefined => {
    const seen = new Set<string>();
    for (let at: string | undefined = id; at !== undefined && !seen.has(at); at = byId.get(at)?.parent?.id) {
      const fold = into.get(at);
      if (fold) return fold;
      seen.add(at);
    }
    return undefined;
  };
  const moved = <T extends Node>(node: T): T => {
    const own = new Set(node.dependsOn.map(({ id }) => home(id) ?? id));
    return { ...node, dependsOn: [...own].map((id) => ({ id })) };
  };
  return [...nodes.filter((node) => !home(node.id)).map(moved), ...closed.filter((fold) => !home(fold.parent?.id ?? "")).map(moved)];
}
