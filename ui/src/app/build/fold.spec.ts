import { describe, expect, it } from "vitest";

import { drawn, folds } from "./fold";
import { type Node, layout } from "./layout";
import { counted } from "./worst";

const node = (id: string, dependsOn: string[] = [], parent?: string): Node => ({
  id,
  name: id,
  kind: "WORK",
  parent: parent ? { id: parent } : null,
  dependsOn: dependsOn.map((one) => ({ id: one })),
});
const many = (count: number, dependsOn: string[] = [], parent?: string) =>
  Array.from({ length: count }, (_, index) => node(`t${index}`, dependsOn, parent));

describe("more siblings than can be drawn", () => {
  it("are one box, which stands where they stood", () => {
    const nodes = [node("build"), ...many(13, ["build"]), node("ship", many(13).map(({ id }) => id))];
    const [fold] = folds(nodes);
    expect(fold?.members).toHaveLength(13);
    const shown = drawn(nodes, [fold!]);
    expect(shown.map(({ id }) => id)).toEqual(["build", "ship", fold!.id]);
    expect(shown.find(({ id }) => id === "ship")?.dependsOn).toEqual([{ id: fold!.id }]);
    const { boxes, edges } = layout(shown);
    expect(boxes).toHaveLength(3);
    expect(edges.match(/M/g)).toHaveLength(2);
  });

  it("take along what is inside them, other folds too", () => {
    const inner = many(20, [], "p0");
    const outer = Array.from({ length: 13 }, (_, index) => node(`p${index}`));
    const all = folds([...outer, ...inner]);
    expect(all).toHaveLength(2);
    expect(drawn([...outer, ...inner], all).map(({ name }) => name)).toEqual(["13 stages"]);
  });

  it("are not folded where they are twelve, or wait for different things", () => {
    expect(folds(many(12))).toEqual([]);
    expect(folds(Array.from({ length: 30 }, (_, index) => node(`c${index}`, index ? [`c${index - 1}`] : [])))).toEqual([]);
  });

  it("stand in several columns once they are opened", () => {
    const { boxes } = layout(many(30));
    const columns = new Set(boxes.map(({ x }) => x));
    expect(columns.size).toBe(3);
    expect([...columns].map((at) => boxes.filter(({ x }) => x === at).length)).toEqual([12, 12, 6]);
  });

  it("lay out two hundred stages without one over another, parents that go round in a circle too", () => {
    const nodes = [node("a"), ...many(197, ["a"]), node("x", [], "y"), node("y", [], "x")];
    expect(layout(nodes).boxes).toHaveLength(200);
    expect(drawn(nodes, folds(nodes)).length).toBe(4);
  });

  it("are counted, the worst first", () => {
    const all = counted(["SUCCEEDED", "RUNNING", "FAILED", "SUCCEEDED", "NEW_ONE"]);
    expect(all.map(({ status, count }) => `${status} ${count}`)).toEqual(["FAILED 1", "RUNNING 1", "SUCCEEDED 2", "NEW_ONE 1"]);
  });
});
