import { describe, expect, it } from "vitest";

import type { BuildEntryFragment, ProjectLiveSubscription } from "../api/operations";
import { events, randomly, shuffledAndDoubled } from "../testing/fixtures";
import { UNKNOWN, continued, folded } from "./project-state";

type Event = ProjectLiveSubscription["projectUpdates"];

const build = (number: number, revision = 1) =>
  ({ id: `b${number}`, number, revision, queuedAt: new Date(1_700_000_000_000 + number).toISOString() }) as unknown as BuildEntryFragment;
const page = (builds: readonly BuildEntryFragment[], endCursor: string | null = null) => ({
  edges: builds.map((node) => ({ node })),
  pageInfo: { hasNextPage: endCursor !== null, endCursor },
});
const snapshot = (builds: ReturnType<typeof page>, reset = false) =>
  ({ __typename: "ProjectSnapshot", reset, project: { id: "p", revision: 1, services: [], builds } }) as unknown as Event;
const said = ({ builds }: typeof UNKNOWN) => builds.map(({ number, revision }) => `${number}.${revision}`);

describe("the page of a project", () => {
  it("ends the same in whatever order and however often the recorded stream is told", () => {
    const told = ["begun", "resumed"].flatMap((part) => events<ProjectLiveSubscription>(`project-live.${part}`)).map((data) => data.projectUpdates);
    const newest = told.reduce((state, event) => folded(state, event), UNKNOWN);
    expect(newest.builds.length).toBeGreaterThan(0);
    const [first, ...rest] = told as [Event, ...Event[]];
    for (let seed = 0; seed < 200; seed++) {
      const state = shuffledAndDoubled(rest, randomly(seed)).reduce((state, event) => folded(state, event), folded(UNKNOWN, first));
      expect(state.builds, `seed ${seed}`).toEqual(newest.builds);
    }
  });

  it("misses no build between what was read and the first event, and keeps older ones where none is missing", () => {
    const read = continued(continued(UNKNOWN, page([build(4), build(3)], "3")), page([build(2), build(1)]));
    expect(said(read)).toEqual(["4.1", "3.1", "2.1", "1.1"]);
    expect(said(folded(read, snapshot(page([build(5), build(4, 2)], "4"))))).toEqual(["5.1", "4.2", "3.1", "2.1", "1.1"]);
    const apart = folded(read, snapshot(page([build(99)], "99")));
    expect([said(apart), apart.older]).toEqual([["99.1"], "99"]);
    expect(said(folded(read, snapshot(page([build(3, 2)]), true)))).toEqual(["3.2"]);
  });

  it("puts in what fits, and leaves what does not fit any more where it is", () => {
    const isFailed = ({ status }: BuildEntryFragment): boolean => status === "FAILED";
    const of = (number: number, status: string, revision = 1) => ({ ...build(number, revision), status }) as BuildEntryFragment;
    const changed = (node: BuildEntryFragment) =>
      ({ __typename: "BuildChanged", build: { ...node, service: { id: "s" }, project: { id: "p" } } }) as unknown as Event;
    const added = (node: BuildEntryFragment) => ({ __typename: "BuildAdded", edge: { node } }) as unknown as Event;
    const read = continued(UNKNOWN, page([of(6, "FAILED"), of(4, "FAILED")], "4"));
    const tell = (...told: Event[]) => said(told.reduce((state, event) => folded(state, event, isFailed), read));
    expect(tell(added(of(7, "RUNNING")))).toEqual(["6.1", "4.1"]);
    expect(tell(added(of(7, "RUNNING")), changed(of(7, "FAILED", 2)))).toEqual(["7.2", "6.1", "4.1"]);
    expect(tell(changed(of(5, "FAILED", 2)))).toEqual(["6.1", "5.2", "4.1"]);
    expect(tell(changed(of(6, "RUNNING", 2)))).toEqual(["6.2", "4.1"]);
    // It comes with its page.
    expect(tell(changed(of(3, "FAILED", 2)))).toEqual(["6.1", "4.1"]);
    // What the newest page does not list any more is gone: how it is now is not known.
    expect(tell(snapshot(page([of(6, "FAILED"), of(5, "FAILED"), of(4, "FAILED")], "4")))).toEqual(["6.1", "5.1", "4.1"]);
    expect(tell(snapshot(page([of(7, "FAILED"), of(4, "FAILED")], "4")))).toEqual(["7.1", "4.1"]);
    expect(tell(snapshot(page([])))).toEqual([]);
  });
});
