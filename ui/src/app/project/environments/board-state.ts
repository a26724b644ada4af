import type { BoardLiveSubscription, BoardQuery, CellBitsFragment, DeploymentBitsFragment, EnvironmentBitsFragment } from "../../api/operations";
import { newer } from "../../parts/newer";

type Live = BoardLiveSubscription["projectUpdates"];
type Read = NonNullable<BoardQuery["project"]>["board"];

/** What the board shows. */
export interface BoardState {
  readonly columns: readonly EnvironmentBitsFragment[];
  readonly rows: Read["rows"];
  /** The newest picture of each deployment that runs somewhere, is on its way, failed last, or was told of since. */
  readonly deployments: ReadonlyMap<string, DeploymentBitsFragment>;
}

const PENDING = ["RUNNING", "QUEUED", "WAITING_FOR_APPROVAL"];

/** The board as it was just read; of its deployments, what a stream has told since. */
export function read(board: Read, known: BoardState | null = null): BoardState {
  const told = board.rows.flatMap((row) => row.cells.flatMap((cell) => [cell.current, cell.pending, cell.failed])).filter((one) => one != null);
  const deployments = new Map(told.map((one) => [one.id, newer(known?.deployments.get(one.id), one)]));
  const state = { columns: board.columns, rows: board.rows, deployments };
  return { ...state, rows: shown(state) };
}

/** The board after an event: the newest picture of each deployment and each environment, whichever came first. */
export function folded(state: BoardState, event: Live): BoardState {
  switch (event.__typename) {
    case "ProjectSnapshot":
      return read(event.project.board, event.reset ? null : state);
    case "DeploymentChanged": {
      const next = { ...state, deployments: merged(state.deployments, [event.deployment]) };
      return { ...next, rows: shown(next) };
    }
    case "EnvironmentChanged": {
      const { environment } = event;
      const columns = state.columns.map((one) => (one.id === environment.id ? newer(one, environment) : one));
      return { ...state, columns };
    }
    default:
      return state;
  }
}

/** The cells of one build service, as a mutation has told them. */
export function replaced(state: BoardState, cells: readonly CellBitsFragment[]): BoardState {
  const by = new Map(cells.map((cell) => [cell.key, cell]));
  const rows = state.rows.map((row) => ({ ...row, cells: row.cells.map((cell) => by.get(cell.key) ?? cell) }));
  return read({ columns: state.columns, rows }, state);
}

/**
 * Whether an event may change what a cell could take next and whether it may: those are rules of the server, which no stream tells,
 * so the board is read again.
 */
export function moves(state: BoardState, event: Live, isOver: (status: string) => boolean): boolean {
  switch (event.__typename) {
    case "BuildChanged": {
      const carries = state.rows.some((row) => row.cells.some((cell) => cell.pending?.carriedOutBy.id === event.build.id));
      return carries || (state.columns.length > 0 && isOver(event.build.status));
    }
    case "BuildServiceChanged":
    case "EnvironmentChanged":
    case "DeploymentChanged":
    case "EntityRemoved":
    case "ProjectChanged":
      return true;
    default:
      return false;
  }
}

/** The rows, with what runs, what is on its way and what failed last by the deployments that are known. */
function shown({ rows, deployments }: BoardState): BoardState["rows"] {
  const all = [...deployments.values()];
  return rows.map((row) => ({
    ...row,
    cells: row.cells.map((cell) => {
      const here = all.filter((one) => one.service.id === row.service.id && one.environment.id === cell.environment.id);
      const live = here.filter((one) => one.status === "ACTIVE").sort(later);
      const pending = here.filter((one) => PENDING.includes(one.status)).sort(nearer);
      const [last] = here.sort((a, b) => b.id.localeCompare(a.id));
      const failed = last?.status === "FAILED" ? last : null;
      return { ...cell, current: live[0] ?? null, pending: pending[0] ?? null, failed };
    }),
  }));
}

function later(a: DeploymentBitsFragment, b: DeploymentBitsFragment): number {
  return (b.activatedAt ?? "").localeCompare(a.activatedAt ?? "") || b.id.localeCompare(a.id);
}

/** Of several on their way, the one that is furthest. */
function nearer(a: DeploymentBitsFragment, b: DeploymentBitsFragment): number {
  return PENDING.indexOf(a.status) - PENDING.indexOf(b.status) || a.id.localeCompare(b.id);
}

function merged(known: ReadonlyMap<string, DeploymentBitsFragment>, told: readonly DeploymentBitsFragment[]) {
  const all = new Map(known);
  for (const one of told) all.set(one.id, newer(all.get(one.id), one));
  return all;
}
