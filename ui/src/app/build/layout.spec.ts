import { describe, expect, it } from "vitest";

import { randomly } from "../testing/fixtures";
import { type Node, layout } from "./layout";

const node = (id: string, dependsOn: string[] = [], parent?: string): Node => ({
  id,
  name: id,
  kind: "WORK",
  parent: parent ? { id: parent } : null,
  dependsOn: dependsOn.map((one) => ({ id: one })),
});

/** A pipeline without circles: each stage depends on earlier ones. */
function pipeline(seed: number, count: number): Node[] {
  const random = randomly(seed);
  return Array.from({ length: count }, (_, index) => {
    const before = Array.from({ length: index }, (_, other) => `s${other}`).filter(() => random() < 3 / count);
    return node(`s${index}`, before);
  });
}

describe("the picture of a pipeline", () => {
  it("puts what waits to the right of what it waits for", () => {
    const { boxes } = layout([node("build"), node("test", ["build"]), node("ship", ["test", "build"])]);
    const x = (id: string) => boxes.find((box) => box.node.id === id)?.x ?? NaN;
    expect(x("build")).toBeLessThan(x("test"));
    expect(x("test")).toBeLessThan(x("ship"));
  });

  it("frames what is inside a group", () => {
    const { boxes } = layout([node("both"), node("one", [], "both"), node("two", [], "both")]);
    const [frame, ...inside] = boxes;
    expect(frame?.isGroup).toBe(true);
    for (const box of inside) {
      expect(box.x).toBeGreaterThan(frame!.x);
      expect(box.y + box.height).toBeLessThan(frame!.y + frame!.height);
    }
  });

  it("never lays one box over another, whatever the pipeline", () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const { boxes, width, height } = layout(pipeline(seed, 40));
      const outside = boxes.filter((box) => box.x + box.width > width || box.y + box.height > height);
      expect(outside, `seed ${seed}`).toEqual([]);
      const over = boxes.flatMap((a, index) =>
        boxes
          .slice(index + 1)
          .filter((b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height)
          .map((b) => `${a.node.id} over ${b.node.id}`),
      );
      expect(over, `seed ${seed}`).toEqual([]);
    }
  });

  it("comes to an end for circles and for parents of themselves, which no engine should tell", () => {
    expect(layout([node("a", ["b"]), node("b", ["a"])]).boxes).toHaveLength(2);
    expect(layout([node("a", [], "b"), node("b", [], "a")]).boxes).toHaveLength(2);
    expect(layout([node("a", [], "a")]).boxes).toHaveLength(1);
  });

  it("moves nothing when only a status changes", () => {
    const before = pipeline(7, 30);
    const after = before.map((one) => ({ ...one, status: "RUNNING" }));
    const places = (nodes: readonly Node[]) => layout(nodes).boxes.map(({ node: { id }, x, y }) => ({ id, x, y }));
    expect(places(after)).toEqual(places(before));
  });
});
