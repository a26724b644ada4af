import { describe, expect, it } from "vitest";

import type { DeploymentBitsFragment, DeploymentStatus, HistoryPageFragment } from "../../api/operations";
import { randomly, shuffledAndDoubled } from "../../testing/fixtures";
import { continued, folded } from "./history-state";

type Event = Parameters<typeof folded>[1];

const deployment = (id: string, revision: number, status: DeploymentStatus, environment = "prod") =>
  ({ id, revision, status, environment: { id: environment } }) as unknown as DeploymentBitsFragment;
const page = (nodes: readonly DeploymentBitsFragment[], endCursor: string | null = null): HistoryPageFragment => ({
  nodes,
  pageInfo: { hasNextPage: endCursor !== null, endCursor },
});
const changed = (one: DeploymentBitsFragment) => ({ __typename: "DeploymentChanged", deployment: one }) as unknown as Event;
const snapshot = (deployments: HistoryPageFragment, reset = false) =>
  ({ __typename: "ProjectSnapshot", reset, project: { deployments } }) as unknown as Event;
const environment = { id: "prod", revision: 1 } as Parameters<typeof continued>[0]["environment"];
const read = (first: HistoryPageFragment) => continued({ environment, isGone: false }, first);
const said = ({ all }: ReturnType<typeof read>) => all.map(({ id, status }) => `${id} ${status}`);

describe("the history of an environment", () => {
  const story = [
    deployment("b", 1, "WAITING_FOR_APPROVAL"),
    deployment("b", 2, "RUNNING"),
    deployment("a", 5, "SUPERSEDED"),
    deployment("b", 3, "ACTIVE"),
    deployment("c", 1, "CANCELLED"),
    deployment("d", 9, "ACTIVE", "another"),
  ];

  it("ends the same in whatever order and however often it is told, newest first, without what went elsewhere", () => {
    for (let seed = 0; seed < 1_000; seed++) {
      const told = shuffledAndDoubled(story, randomly(seed)).map(changed);
      const state = told.reduce(folded, read(page([deployment("a", 4, "ACTIVE")])));
      expect(said(state), `seed ${seed}`).toEqual(["c CANCELLED", "b ACTIVE", "a SUPERSEDED"]);
    }
  });

  it("holds each once, also where pages and events overlap", () => {
    let state = read(page([deployment("c", 2, "ACTIVE"), deployment("b", 1, "SUPERSEDED")], "b"));
    state = folded(state, changed(deployment("a", 7, "ROLLED_BACK")));
    state = continued(state, page([deployment("b", 1, "SUPERSEDED"), deployment("a", 6, "SUPERSEDED")]));
    expect(said(state)).toEqual(["c ACTIVE", "b SUPERSEDED", "a ROLLED_BACK"]);
    expect(state.older).toBeNull();
  });

  it("misses nothing between what was read and the first event, and keeps older ones where nothing is missing", () => {
    const older = read(page([deployment("b", 1, "ACTIVE"), deployment("a", 1, "SUPERSEDED")]));
    const joined = folded(older, snapshot(page([deployment("c", 1, "ACTIVE"), deployment("b", 2, "SUPERSEDED")], "b")));
    expect(said(joined)).toEqual(["c ACTIVE", "b SUPERSEDED", "a SUPERSEDED"]);
    const apart = folded(older, snapshot(page([deployment("z", 1, "ACTIVE")], "z")));
    expect([said(apart), apart.older]).toEqual([["z ACTIVE"], "z"]);
    const anew = folded(older, snapshot(page([deployment("b", 2, "ACTIVE")]), true));
    expect(said(anew)).toEqual(["b ACTIVE"]);
  });

  it("says when its environment is gone", () => {
    const removed = { __typename: "EntityRemoved", removedId: "prod" } as unknown as Event;
    expect(folded(read(page([])), removed).isGone).toBe(true);
    expect(folded(read(page([])), { ...removed, removedId: "x" } as Event).isGone).toBe(false);
  });
});
