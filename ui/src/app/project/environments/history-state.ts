import type { DeploymentBitsFragment, EnvironmentBitsFragment, HistoryLiveSubscription, HistoryPageFragment } from "../../api/operations";
import { newer } from "../../parts/newer";
import { adjoins, next, put } from "../../parts/pages";

type Live = HistoryLiveSubscription["projectUpdates"];

/** What was brought to an environment, as far as it was read. */
export interface HistoryState {
  readonly environment: EnvironmentBitsFragment;
  /** Newest first. */
  readonly all: readonly DeploymentBitsFragment[];
  /** Where older ones go on; null where there are none. */
  readonly older: string | null;
  /** Whether the environment was removed meanwhile. */
  readonly isGone: boolean;
}

/** The history with a page of it. */
export function continued(state: Omit<HistoryState, "all" | "older"> & Partial<HistoryState>, page: HistoryPageFragment): HistoryState {
  return { ...state, all: page.nodes.reduce(added, state.all ?? []), older: next(page.pageInfo) };
}

/** The history after an event. Of two pictures of one deployment the one with the higher revision is kept, whichever came first. */
export function folded(state: HistoryState, event: Live): HistoryState {
  switch (event.__typename) {
    case "ProjectSnapshot": {
      const page = event.project.deployments;
      // What was read of older ones stays, unless something between them and these may be missing.
      const isWhole = !event.reset && adjoins(state.all, page.nodes, page.pageInfo);
      return isWhole ? { ...state, all: page.nodes.reduce(added, state.all) } : continued({ ...state, all: [] }, page);
    }
    case "DeploymentChanged":
      return event.deployment.environment.id === state.environment.id ? { ...state, all: added(state.all, event.deployment) } : state;
    case "EnvironmentChanged":
      return event.environment.id === state.environment.id ? { ...state, environment: newer(state.environment, event.environment) } : state;
    case "EntityRemoved":
      return event.removedId === state.environment.id ? { ...state, isGone: true } : state;
    default:
      return state;
  }
}

/** In the order of the server: by id, which grows with time. */
function added(all: readonly DeploymentBitsFragment[], told: DeploymentBitsFragment): readonly DeploymentBitsFragment[] {
  return put(all, told, (a, b) => (a.id < b.id ? 1 : -1));
}
