import type { BuildLiveSubscription, BuildPageFragment, StageBitsFragment } from "../api/operations";
import { newer } from "../parts/newer";

export type BuildEvent = BuildLiveSubscription["buildUpdates"];

/** What the page of a build shows. */
export interface BuildState {
  readonly build: BuildPageFragment;
  /** In their order. */
  readonly stages: readonly StageBitsFragment[];
}

/**
 * The state after an event; `null` as long as nothing is known. Of two pictures of one thing the one with the higher revision is
 * kept, whichever came first.
 */
export function folded(state: BuildState | null, event: BuildEvent): BuildState | null {
  switch (event.__typename) {
    case "BuildSnapshot": {
      const { stages, ...build } = event.build;
      if (!state || event.reset) return { build, stages: ordered(stages) };
      return { build: newer(state.build, build), stages: merged(state.stages, stages) };
    }
    case "BuildChanged":
      return state && { ...state, build: newer(state.build, event.build) };
    case "StagesChanged": {
      if (!state) return null;
      const removed = new Set(event.removedStageIds);
      const stages = merged(state.stages, event.stages).filter((stage) => !removed.has(stage.id));
      return { build: newer(state.build, event.build), stages };
    }
    default:
      return state;
  }
}

function merged(known: readonly StageBitsFragment[], told: readonly StageBitsFragment[]): readonly StageBitsFragment[] {
  const all = new Map(known.map((stage) => [stage.id, stage]));
  for (const stage of told) all.set(stage.id, newer(all.get(stage.id), stage));
  return ordered([...all.values()]);
}

function ordered(stages: readonly StageBitsFragment[]): readonly StageBitsFragment[] {
  return [...stages].sort((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1));
}
