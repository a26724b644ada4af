import { describe, expect, it } from "vitest";

import type { BuildEntryFragment, ProjectLiveSubscription, ProjectQuery } from "../api/operations";
import { events, randomly, reply, shuffledAndDoubled } from "../testing/fixtures";
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
  it("ends as a query shows it, figures and verdict too, in whatever order and however often it is told", () => {
    const [snapshot, added] = ["begun", "resumed"].map((part) => events<ProjectLiveSubscription>(`project-live.${part}`)[0]!.projectUpdates);
    if (snapshot?.__typename !== "ProjectSnapshot" || added?.__typename !== "BuildAdded") throw new Error("recorded otherwise");
    const fresh = reply<ProjectQuery>("project.shop").project!;
    const figures = ({ health, services }: Pick<typeof fresh, "health" | "services">) => ({ health, stats: services.map(({ stats }) => stats) });
    const start = folded(UNKNOWN, snapshot);
    expect(figures(start.project!)).not.toEqual(figures(fresh));
    // The build that came while nobody listened, and what would have been told of it on its way, with the figures of that time.
    const { node } = added.edge;
    const { stats } = snapshot.project.services.find(({ id }) => id === node.service.id)!;
    const onItsWay = [1, 2, 3].map((revision) => {
      const build = { ...node, revision, status: "RUNNING", service: { ...node.service, stats }, project: { ...node.project, health: snapshot.project.health } };
      return { __typename: "BuildChanged", cursor: "", at: added.at, build } as Event;
    });
    for (let seed = 0; seed < 1_000; seed++) {
      const state = shuffledAndDoubled([...onItsWay, added], randomly(seed)).reduce((state, event) => folded(state, event), start);
      expect(state.builds, `seed ${seed}`).toMatchObject([fresh.builds.edges[0]!.node]);
      expect(figures(state.project!), `seed ${seed}`).toEqual(figures(fresh));
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
    const added = (node: BuildEntryFragment) =>
      ({ __typename: "BuildAdded", edge: { node: { ...node, service: { id: "s" }, project: { id: "p" } } } }) as unknown as Event;
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
