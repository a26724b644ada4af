import { describe, expect, it } from "vitest";

import type { BuildLiveSubscription, BuildQuery } from "../api/operations";
import { events, randomly, reply, shuffledAndDoubled } from "../testing/fixtures";
import { type BuildEvent, type BuildState, begun, folded } from "./build-state";

const told = (name: string): BuildEvent[] =>
  events<BuildLiveSubscription>(name).map((data) => data.buildUpdates);

/** A whole build as it was recorded; a stage is planned in it and taken away again, and there are snapshots in between. */
function whole(): BuildEvent[] {
  const [begun, resumed, ended] = ["begun", "resumed", "ended"].map((part) => told(`build-live.${part}`));
  const [snapshot, change] = [begun![0], resumed![0]];
  if (snapshot?.__typename !== "BuildSnapshot" || change?.__typename !== "StagesChanged") throw new Error("recorded otherwise");
  const perhaps = { ...snapshot.build.stages[1]!, id: "stg_perhaps", key: "perhaps", position: 9, revision: 3 };
  const later = { ...snapshot, at: "2026-03-02T09:55:45.000Z", build: { ...snapshot.build, stages: [...snapshot.build.stages, perhaps] } };
  return [
    snapshot,
    { ...change, at: "2026-03-02T09:55:40.000Z", build: snapshot.build, stages: [perhaps] },
    later,
    { ...change, at: "2026-03-02T09:55:50.000Z", build: snapshot.build, stages: [], removedStageIds: [perhaps.id] },
    { __typename: "BuildChanged", cursor: change.cursor, at: "2026-03-02T09:55:55.000Z", build: change.build },
    change,
    ...ended!,
  ];
}

describe("the page of a build", () => {
  it("shows what a query shows", () => {
    const shown = told("build-live.begun").reduce<BuildState | null>(folded, null);
    expect(shown).toEqual(begun(reply<BuildQuery>("build.running").build!));
  });

  it("follows the recorded stream to its end", () => {
    const all = ["begun", "resumed", "ended"].flatMap((part) => told(`build-live.${part}`));
    const shown = all.reduce<BuildState | null>(folded, null);
    expect(shown?.build.status).toBe("SUCCEEDED");
    expect(shown?.stages.map((stage) => `${stage.key} ${stage.status}`)).toEqual([
      "build SUCCEEDED",
      "unit SUCCEEDED",
      "lint SUCCEEDED",
      "package SUCCEEDED",
    ]);
  });

  it("ends as the server says last, in whatever order, and however often, the events of a whole build are told", () => {
    const [first, ...rest] = whole() as [BuildEvent, ...BuildEvent[]];
    const { build, stages } = told("build-live.ended").find((event) => event.__typename === "StagesChanged")!;
    expect(stages.map(({ key }) => key)).toEqual(["build", "unit", "lint", "package"]);
    for (let seed = 0; seed < 1_000; seed += 1) {
      const shown = shuffledAndDoubled(rest, randomly(seed)).reduce(folded, folded(null, first));
      expect([shown?.build, shown?.stages], `seed ${seed}`).toEqual([build, stages]);
    }
  });

  it("brings back what was taken away when it is told of again", () => {
    const after = whole().reduce<BuildState | null>(folded, null);
    const [, planning] = whole() as [BuildEvent, BuildEvent];
    const keys = (state: BuildState | null) => state?.stages.map(({ key }) => key);
    expect(keys(folded(after, planning))).not.toContain("perhaps");
    expect(keys(folded(after, { ...planning, at: "2026-03-03T00:00:00.000Z" }))).toContain("perhaps");
  });

  it("shows nothing before it knows anything, and leaves out what was taken away", () => {
    const [ended] = told("build-live.ended");
    expect(folded(null, ended as BuildEvent)).toBeNull();
    const start = told("build-live.begun").reduce<BuildState | null>(folded, null);
    const gone = start?.stages[0]?.id ?? "";
    const event = { ...(ended as object), stages: [], removedStageIds: [gone] } as unknown as BuildEvent;
    expect(folded(start, event)?.stages.some((stage) => stage.id === gone)).toBe(false);
  });
});
