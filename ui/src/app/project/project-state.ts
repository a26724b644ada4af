import type { BuildEntryFragment, ProjectCardFragment, ProjectLiveSubscription } from "../api/operations";
import { newer } from "../parts/newer";
import { adjoins, next, put } from "../parts/pages";

type Event = ProjectLiveSubscription["projectUpdates"];

/** Builds, newest first, and whether there are older ones. */
interface Page {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string | null };
  readonly edges: readonly { readonly node: BuildEntryFragment }[];
}

/** What the page of a project shows. */
export interface ProjectState {
  readonly project: ProjectCardFragment | null;
  /** Newest first. */
  readonly builds: readonly BuildEntryFragment[];
  /** Where older builds go on; null where there are none. */
  readonly older: string | null;
}

/** Nothing is known yet. */
export const UNKNOWN: ProjectState = { project: null, builds: [], older: null };

/** The state after an event. Of two pictures of one thing the one with the higher revision is kept, whichever came first. */
export function folded(state: ProjectState, event: Event): ProjectState {
  switch (event.__typename) {
    case "ProjectSnapshot": {
      const { builds: page, ...project } = event.project;
      const known = { ...state, project: newer(event.reset ? null : state.project, project) };
      if (!page) return known;
      const told = page.edges.map((edge) => edge.node);
      // Older builds that were read stay, unless something between them and these may be missing.
      if (!event.reset && adjoins(state.builds, told, page.pageInfo)) return { ...known, builds: told.reduce(added, state.builds) };
      return { ...known, builds: told, older: next(page.pageInfo) };
    }
    case "ProjectChanged":
      return { ...state, project: newer(state.project, event.project) };
    case "BuildAdded":
      return { ...state, builds: added(state.builds, event.edge.node) };
    case "BuildChanged": {
      // The figures and the verdict have no revision of their own: they are as they were when this was told.
      const { service, project, ...build } = event.build;
      const services = state.project?.services.map((one) => (one.id === service.id ? { ...one, stats: service.stats } : one)) ?? [];
      const known = state.project && { ...state.project, health: project.health, services };
      return { ...state, project: known, builds: added(state.builds, { ...build, service }) };
    }
    case "BuildServiceChanged": {
      const { project } = state;
      if (!project) return state;
      const known = project.services.some((service) => service.id === event.service.id);
      const services = known
        ? project.services.map((service) => (service.id === event.service.id ? newer(service, event.service) : service))
        : [...project.services, event.service];
      return { ...state, project: { ...project, services } };
    }
    case "EntityRemoved": {
      const { project } = state;
      const left = <T extends { readonly id: string }>(all: readonly T[]): readonly T[] =>
        all.filter((one) => one.id !== event.removedId);
      return {
        ...state,
        project: project ? { ...project, services: left(project.services) } : null,
        builds: left(state.builds),
      };
    }
    default:
      return state;
  }
}

/** The state with the next page of older builds. */
export function continued(state: ProjectState, page: Page): ProjectState {
  const builds = page.edges.reduce((all, { node }) => added(all, node), state.builds);
  return { ...state, builds, older: next(page.pageInfo) };
}

function added(builds: readonly BuildEntryFragment[], told: BuildEntryFragment): readonly BuildEntryFragment[] {
  return put(builds, told, (a, b) => (a.queuedAt < b.queuedAt ? 1 : a.queuedAt > b.queuedAt ? -1 : b.number - a.number));
}
