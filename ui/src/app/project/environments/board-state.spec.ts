import { describe, expect, it } from "vitest";

import type { DeploymentBitsFragment, DeploymentStatus } from "../../api/operations";
import { randomly, shuffledAndDoubled } from "../../testing/fixtures";
import { isOver } from "../../parts/status";
import { type BoardState, folded, moves, read } from "./board-state";

type Event = Parameters<typeof folded>[1];

const at = (second: number) => new Date(1_700_000_000_000 + second * 1_000).toISOString();

function deployment(id: string, revision: number, status: DeploymentStatus, activated: number | null): DeploymentBitsFragment {
  return {
    id,
    revision,
    status,
    version: id,
    activatedAt: activated === null ? null : at(activated),
    service: { id: "web" },
    environment: { id: "prod" },
    carriedOutBy: { id: `build-of-${id}`, number: 1 },
  } as unknown as DeploymentBitsFragment;
}

function changed(one: DeploymentBitsFragment): Event {
  return { __typename: "DeploymentChanged", cursor: "", at: at(0), deployment: one } as Event;
}

function board(current: DeploymentBitsFragment | null, pending: DeploymentBitsFragment | null): BoardState {
  const cell = { key: "web:prod", environment: { id: "prod" }, current, pending, candidate: null, behindBy: null };
  const rows = [{ service: { id: "web", slug: "web", displayName: "Web" }, cells: [cell] }];
  return read({ columns: [{ id: "prod", revision: 1 }], rows } as unknown as Parameters<typeof read>[0]);
}

/** What a cell shows, as people would say it. */
function said(state: BoardState): string {
  const cell = state.rows[0]!.cells[0]!;
  const name = (one: DeploymentBitsFragment | null | undefined) => (one ? `${one.version} ${one.status}` : "nothing");
  return `${name(cell.current)}, then ${name(cell.pending)}`;
}

describe("the board", () => {
  // The second version takes the place of the first, and is taken back by the third.
  const story = [
    deployment("v2", 1, "WAITING_FOR_APPROVAL", null),
    deployment("v2", 2, "QUEUED", null),
    deployment("v2", 3, "RUNNING", null),
    deployment("v1", 9, "SUPERSEDED", 1),
    deployment("v2", 4, "ACTIVE", 2),
    deployment("back", 1, "RUNNING", null),
    deployment("v2", 5, "ROLLED_BACK", 2),
    deployment("back", 2, "ACTIVE", 3),
  ];

  it("tells each step as it comes", () => {
    let state = board(deployment("v1", 8, "ACTIVE", 1), null);
    const told = story.map((one) => said((state = folded(state, changed(one)))));
    expect(told).toEqual([
      "v1 ACTIVE, then v2 WAITING_FOR_APPROVAL",
      "v1 ACTIVE, then v2 QUEUED",
      "v1 ACTIVE, then v2 RUNNING",
      "nothing, then v2 RUNNING",
      "v2 ACTIVE, then nothing",
      "v2 ACTIVE, then back RUNNING",
      "nothing, then back RUNNING",
      "back ACTIVE, then nothing",
    ]);
  });

  it("ends the same in whatever order and however often it is told", () => {
    for (let seed = 0; seed < 1_000; seed++) {
      const events = shuffledAndDoubled(story, randomly(seed)).map(changed);
      const state = events.reduce(folded, board(deployment("v1", 8, "ACTIVE", 1), null));
      expect(said(state), `seed ${seed}`).toBe("back ACTIVE, then nothing");
    }
  });

  it("keeps what a stream has told since it was read", () => {
    const known = folded(board(null, deployment("v2", 2, "QUEUED", null)), changed(deployment("v2", 4, "ACTIVE", 2)));
    const late = board(null, deployment("v2", 3, "RUNNING", null));
    expect(said(read({ columns: late.columns, rows: late.rows } as Parameters<typeof read>[0], known))).toBe("v2 ACTIVE, then nothing");
  });

  it("is read again when a version was made or moved, and not for every step of every build", () => {
    const state = board(null, deployment("v2", 2, "WAITING_FOR_APPROVAL", null));
    const build = (id: string, status: string) => ({ __typename: "BuildChanged", build: { id, status } }) as Event;
    expect(moves(state, build("another", "RUNNING"), isOver)).toBe(false);
    expect(moves(state, build("another", "SUCCEEDED"), isOver)).toBe(true);
    expect(moves(state, build("build-of-v2", "RUNNING"), isOver), "it carries what is on its way: its approvals may have changed").toBe(true);
    expect(moves(state, changed(deployment("v2", 3, "QUEUED", null)), isOver)).toBe(true);
    expect(moves(state, { __typename: "Heartbeat" } as Event, isOver)).toBe(false);
  });

  it("says what failed last, until something is tried again", () => {
    const failed = (state: BoardState) => state.rows[0]!.cells[0]!.failed?.version ?? null;
    const told = [
      deployment("v2", 1, "RUNNING", null),
      deployment("v2", 2, "FAILED", null),
      deployment("v3", 1, "QUEUED", null),
      deployment("v3", 2, "CANCELLED", null),
      deployment("v4", 1, "FAILED", null),
      deployment("v5", 1, "ACTIVE", 5),
    ];
    let state = board(deployment("v1", 8, "ACTIVE", 1), null);
    expect(told.map((one) => failed((state = folded(state, changed(one)))))).toEqual([null, "v2", null, null, "v4", null]);
  });
});
