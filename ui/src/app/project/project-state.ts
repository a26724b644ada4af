import type { BuildEntryFragment, ProjectCardFragment, ProjectLiveSubscription } from "../api/operations";
import { newer } from "../parts/newer";
import { adjoins, put as inserted, next } from "../parts/pages";

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

/**
 * The state after an event. Of two pictures of one thing the one with the higher revision is kept, whichever came first. Builds that do
 * not fit are not put in; one that does not fit any more stays where it is until the list is read again.
 */
export function folded(state: ProjectState, event: Event, fits: (build: BuildEntryFragment) => boolean = () => true): ProjectState {
  switch (event.__typename) {
    case "ProjectSnapshot": {
      const { builds: page, ...project } = event.project;
      const told = page?.edges.map((edge) => edge.node) ?? [];
      const isPast = !event.reset && isPassed(state.builds, told) && state.project?.revision === project.revision;
      const known = { ...state, project: isPast ? state.project : newer(event.reset ? null : state.project, project) };
      if (!page) return known;
      // Older builds that were read stay, unless something between them and these may be missing.
      const older = next(page.pageInfo);
      if (event.reset || !adjoins(state.builds, told, page.pageInfo)) return { ...known, builds: told, older };
      return { ...known, builds: told.reduce(put, among(state.builds, told, older)) };
    }
    case "ProjectChanged":
      return { ...state, project: newer(state.project, event.project) };
    case "BuildAdded":
    case "BuildChanged": {
      const { service, project, ...build } = event.__typename === "BuildAdded" ? event.edge.node : event.build;
      const known = added(state, { ...build, service }, fits);
      // The figures and the verdict have no revision of their own: they are as they were with this one of the build.
      if (!state.project || isPassed(state.builds, [build])) return known;
      const services = state.project.services.map((one) => (one.id === service.id ? { ...one, stats: service.stats } : one));
      return { ...known, project: { ...state.project, health: project.health, services } };
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
  return { ...state, builds: page.edges.map(({ node }) => node).reduce(put, state.builds), older: next(page.pageInfo) };
}

/** Newest first. */
export function order(a: Place, b: Place): number {
  return a.queuedAt < b.queuedAt ? 1 : a.queuedAt > b.queuedAt ? -1 : b.number - a.number;
}

/** Where a build stands in the list. */
export type Place = Pick<BuildEntryFragment, "queuedAt" | "number">;

function put(builds: readonly BuildEntryFragment[], told: BuildEntryFragment): readonly BuildEntryFragment[] {
  return inserted(builds, told, order);
}

/** With a build that was told of. One that is not among what was read comes with its page. */
function added(state: ProjectState, told: BuildEntryFragment, fits: (build: BuildEntryFragment) => boolean): ProjectState {
  const last = state.builds.at(-1);
  const isKnown = state.builds.some(({ id }) => id === told.id);
  const isOlder = state.older !== null && last !== undefined && order(last, told) < 0;
  return isKnown || (fits(told) && !isOlder) ? { ...state, builds: put(state.builds, told) } : state;
}

/** Whether something newer is known already of one of these builds. */
function isPassed(builds: readonly BuildEntryFragment[], told: readonly Pick<BuildEntryFragment, "id" | "revision">[]): boolean {
  return told.some(({ id, revision }) => builds.some((known) => known.id === id && known.revision > revision));
}

/** Those of which the newest page says that they are still listed, and those behind it. */
function among(builds: readonly BuildEntryFragment[], told: readonly BuildEntryFragment[], older: string | null) {
  const ids = new Set(told.map(({ id }) => id));
  const last = told.at(-1);
  return builds.filter((one) => ids.has(one.id) || (older !== null && last !== undefined && order(last, one) < 0));
}
