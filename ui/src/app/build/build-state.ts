import type { BuildLiveSubscription, BuildPageFragment, StageBitsFragment } from "../api/operations";
import { newer } from "../parts/newer";

export type BuildEvent = BuildLiveSubscription["buildUpdates"];

/** What the page of a build shows. */
export interface BuildState {
  readonly build: BuildPageFragment;
  /** In their order. */
  readonly stages: readonly StageBitsFragment[];
  /** Stages that were taken away, and when that was told: what was told of them before does not bring them back. */
  readonly gone: ReadonlyMap<string, string>;
}

/** What a query says. */
export function begun({ stages, ...build }: BuildPageFragment & { readonly stages: readonly StageBitsFragment[] }): BuildState {
  return { build, stages: ordered(stages), gone: new Map() };
}

/**
 * The state after an event; `null` as long as nothing is known. Of two pictures of one thing the one with the higher revision is
 * kept, whichever came first.
 */
export function folded(state: BuildState | null, event: BuildEvent): BuildState | null {
  switch (event.__typename) {
    case "BuildSnapshot": {
      if (!state || event.reset) return begun(event.build);
      const { stages, ...build } = event.build;
      return { ...state, build: newer(state.build, build), stages: merged(state, stages, event.at) };
    }
    case "BuildChanged":
      return state && { ...state, build: newer(state.build, event.build) };
    case "StagesChanged": {
      if (!state) return null;
      const gone = new Map([...state.gone, ...event.removedStageIds.map((id) => [id, event.at] as const)]);
      const stages = merged(state, event.stages, event.at).filter((stage) => !event.removedStageIds.includes(stage.id));
      return { build: newer(state.build, event.build), stages, gone };
    }
    default:
      return state;
  }
}

function merged({ stages, gone }: BuildState, told: readonly StageBitsFragment[], at: string): readonly StageBitsFragment[] {
  const all = new Map(stages.map((stage) => [stage.id, stage]));
  for (const stage of told) if (at >= (gone.get(stage.id) ?? "")) all.set(stage.id, newer(all.get(stage.id), stage));
  return ordered([...all.values()]);
}

function ordered(stages: readonly StageBitsFragment[]): readonly StageBitsFragment[] {
  return [...stages].sort((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1));
}
