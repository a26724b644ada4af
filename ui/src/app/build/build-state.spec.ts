import { describe, expect, it } from "vitest";

import type { BuildLiveSubscription, BuildQuery } from "../api/operations";
import { events, randomly, reply, shuffledAndDoubled } from "../testing/fixtures";
import { type BuildEvent, type BuildState, folded } from "./build-state";

const told = (name: string): BuildEvent[] =>
  events<BuildLiveSubscription>(name).map((data) => data.buildUpdates);

/** The event with every revision moved on, and another status of its build. */
function later(event: BuildEvent, by: number): BuildEvent {
  if (event.__typename !== "StagesChanged") return event;
  const moved = <T extends { readonly revision: number }>(one: T): T => ({ ...one, revision: one.revision + by });
  const stages = event.stages.map((stage) => ({ ...moved(stage), statusReason: `event ${by}` }));
  return { ...event, build: { ...moved(event.build), statusReason: `event ${by}` }, stages };
}

describe("the page of a build", () => {
  it("shows what a query shows", () => {
    const shown = told("build-live.begun").reduce<BuildState | null>(folded, null);
    const { stages, ...build } = reply<BuildQuery>("build.running").build!;
    expect(shown).toEqual({ build, stages });
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

  it("ends alike in whatever order, and however often, events are told", () => {
    const first = told("build-live.begun");
    const changes = told("build-live.ended").filter((event) => event.__typename === "StagesChanged");
    const many = changes.flatMap((event) => [1, 2, 3, 4, 5, 6].map((by) => later(event, by)));
    const start = first.reduce<BuildState | null>(folded, null);
    const expected = many.reduce(folded, start);
    expect(expected?.build.statusReason).toBe("event 6");
    for (let seed = 0; seed < 1_000; seed += 1) {
      const shown = shuffledAndDoubled(many, randomly(seed)).reduce(folded, start);
      expect(shown, `seed ${seed}`).toEqual(expected);
    }
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
