/** What the layout needs to know of a stage. */
export interface Node {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly parent?: { readonly id: string } | null;
  readonly dependsOn: readonly { readonly id: string }[];
}

/** Where something is, in pixels from the top left. */
export interface Box<N extends Node> {
  readonly node: N;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Whether it frames other boxes. */
  readonly isGroup: boolean;
}

export interface Picture<N extends Node> {
  readonly boxes: readonly Box<N>[];
  /** Lines from the right of one box to the left of another, all in one SVG path. */
  readonly edges: string;
  readonly width: number;
  readonly height: number;
}

const LEAF = { width: 176, height: 64 };
const GAP = { x: 44, y: 14 };
/** What a frame is wider and higher than what it holds; its head is above. */
export const FRAME = { top: 28, side: 12 };

/** More boxes than this never stand below one another. */
const TALLEST = 12;

/** Deepest nesting that is drawn as frames; what is deeper stands beside its ancestors. */
const DEEPEST = 20;

/**
 * A pipeline from left to right: what waits for something stands right of it, and parallel stages below one another. It depends
 * on names, parents and dependencies alone, so that nothing moves when a status changes.
 */
export function layout<N extends Node>(nodes: readonly N[]): Picture<N> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const children = new Map<string | null, N[]>();
  for (const node of nodes) {
    const above = node.parent && byId.has(node.parent.id) && depth(node, byId) <= DEEPEST ? node.parent.id : null;
    const known = children.get(above);
    if (known) known.push(node);
    else children.set(above, [node]);
  }
  const boxes: Box<N>[] = [];
  const edges: string[] = [];
  const size = place(null, 0, 0);
  return { boxes, edges: edges.join(""), ...size };

  function place(parent: string | null, left: number, top: number): { width: number; height: number } {
    const siblings = children.get(parent) ?? [];
    const placed = new Map<string, Box<N>>();
    let x = left;
    let height = 0;
    for (const column of columns(siblings)) {
      for (let from = 0; from < column.length; from += TALLEST) {
        let y = top;
        let width = 0;
        for (const node of column.slice(from, from + TALLEST)) {
          const box = draw(node, x, y);
          placed.set(node.id, box);
          y += box.height + GAP.y;
          width = Math.max(width, box.width);
        }
        x += width + (from + TALLEST < column.length ? GAP.y : GAP.x);
        height = Math.max(height, y - top - GAP.y);
      }
    }
    for (const to of placed.values()) {
      for (const { id } of to.node.dependsOn) {
        const from = placed.get(id);
        if (from) edges.push(curve(from, to));
      }
    }
    return { width: Math.max(0, x - left - GAP.x), height };
  }

  function draw(node: N, x: number, y: number): Box<N> {
    if (!children.has(node.id)) {
      const leaf = { node, x, y, ...LEAF, isGroup: false };
      boxes.push(leaf);
      return leaf;
    }
    const at = boxes.length;
    const inner = place(node.id, x + FRAME.side, y + FRAME.top);
    const width = Math.max(inner.width, LEAF.width) + 2 * FRAME.side;
    const frame = { node, x, y, width, height: inner.height + FRAME.top + FRAME.side, isGroup: true };
    boxes.splice(at, 0, frame);
    return frame;
  }
}

/** How many parents it has; more than the deepest where they go round in a circle. */
function depth<N extends Node>(node: N, byId: ReadonlyMap<string, N>): number {
  let above: N | undefined = node;
  let deep = 0;
  while (above?.parent && deep <= DEEPEST) {
    above = byId.get(above.parent.id);
    deep += 1;
  }
  return deep;
}

/** Siblings by the length of the longest way to them. A circle, which no provider may send, ends where it began. */
function columns<N extends Node>(siblings: readonly N[]): N[][] {
  const here = new Map(siblings.map((node) => [node.id, node]));
  const known = new Map<string, number>();
  const visiting = new Set<string>();
  const rank = (node: N): number => {
    const found = known.get(node.id);
    if (found !== undefined) return found;
    if (visiting.has(node.id)) return 0;
    visiting.add(node.id);
    let after = 0;
    for (const { id } of node.dependsOn) {
      const before = here.get(id);
      if (before) after = Math.max(after, rank(before) + 1);
    }
    visiting.delete(node.id);
    known.set(node.id, after);
    return after;
  };
  const result: N[][] = [];
  for (const node of siblings) (result[rank(node)] ??= []).push(node);
  return result.filter(Boolean);
}

function curve<N extends Node>(from: Box<N>, to: Box<N>): string {
  const [x1, y1] = [from.x + from.width, from.y + Math.min(from.height, LEAF.height) / 2];
  const [x2, y2] = [to.x, to.y + Math.min(to.height, LEAF.height) / 2];
  const bend = Math.max(12, (x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}
