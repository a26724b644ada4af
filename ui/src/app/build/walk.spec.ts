import { describe, expect, it } from "vitest";

import { randomly } from "../testing/fixtures";
import { type Box, type Node, layout } from "./layout";
import { walk } from "./walk";

const node = (id: string, dependsOn: string[] = [], parent?: string): Node => ({
  id,
  name: id,
  kind: "WORK",
  parent: parent ? { id: parent } : null,
  dependsOn: dependsOn.map((one) => ({ id: one })),
});

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];

const at = (boxes: readonly Box<Node>[], id: string): Box<Node> => boxes.find((box) => box.node.id === id)!;
const along = (boxes: readonly Box<Node>[], ...ways: string[]): string =>
  ways.reduce((from, way) => walk(boxes, from, way) ?? from, boxes[0]!).node.id;

/** A pipeline with frames in frames, in which each stage depends on earlier ones beside it. */
function pipeline(seed: number, count: number): Node[] {
  const random = randomly(seed);
  const nodes: Node[] = [];
  for (let index = 0; index < count; index += 1) {
    const parent = random() < 0.4 ? nodes[Math.floor(random() * nodes.length)]?.id : undefined;
    const before = nodes.filter((one) => one.parent?.id === parent && random() < 0.2).map(({ id }) => id);
    nodes.push(node(`s${index}`, before, parent));
  }
  return nodes;
}

describe("the arrow keys in a picture", () => {
  const { boxes } = layout([
    node("build"),
    node("lint", ["build"]),
    node("unit", ["build"]),
    node("both", ["unit", "lint"]),
    node("one", [], "both"),
    node("two", ["one"], "both"),
    node("other", [], "both"),
    node("ship", ["both"]),
  ]);

  it("follow what waits for what", () => {
    expect(along(boxes, "ArrowRight")).toBe("lint");
    expect(along(boxes, "ArrowRight", "ArrowDown", "ArrowLeft")).toBe("build");
    expect(along(boxes, "ArrowRight", "ArrowRight", "ArrowRight")).toBe("ship");
    expect(along(boxes, "End", "ArrowLeft", "ArrowLeft")).toBe("lint");
  });

  it("lead into a frame by its head, and out of it on all sides", () => {
    const inside = ["ArrowRight", "ArrowRight", "ArrowDown"];
    expect(along(boxes, ...inside)).toBe("one");
    expect(along(boxes, ...inside, "ArrowUp")).toBe("both");
    expect(along(boxes, ...inside, "ArrowRight")).toBe("two");
    expect(along(boxes, ...inside, "ArrowRight", "ArrowRight")).toBe("ship");
    expect(along(boxes, ...inside, "ArrowDown", "ArrowLeft")).toBe("unit");
  });

  it("stay where there is nothing further, and take no other keys", () => {
    expect(walk(boxes, at(boxes, "build"), "ArrowLeft")).toBeUndefined();
    expect(walk(boxes, at(boxes, "build"), "Enter")).toBeUndefined();
    expect(along(boxes, "End")).toBe("ship");
    expect(along(boxes, "End", "Home")).toBe("build");
  });

  it("come to every box from every other, whatever the pipeline", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const { boxes: all } = layout(pipeline(seed, 30));
      // From the first by any way, and back to it: then from each to each.
      const ways = all.map((box) => ARROWS.flatMap((way) => all.indexOf(walk(all, box, way)!)).filter((to) => to >= 0));
      const back = all.map((_, index) => ways.flatMap((to, from) => (to.includes(index) ? [from] : [])));
      for (const edges of [ways, back]) {
        const seen = new Set([0]);
        for (const from of seen) for (const to of edges[from]!) seen.add(to);
        expect(all.filter((_, index) => !seen.has(index)).map((box) => box.node.id), `seed ${seed}`).toEqual([]);
      }
    }
  });
});
