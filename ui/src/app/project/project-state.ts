import type { BuildRowFragment, ProjectCardFragment, ProjectLiveSubscription } from "../api/operations";
import { newer } from "../parts/newer";

type Event = ProjectLiveSubscription["projectUpdates"];

/** What the page of a project shows. */
export interface ProjectState {
  readonly project: ProjectCardFragment | null;
  /** Newest first. */
  readonly builds: readonly BuildRowFragment[];
}

/** The state after an event. Of two pictures of one thing the one with the higher revision is kept, whichever came first. */
export function folded(state: ProjectState, event: Event): ProjectState {
  switch (event.__typename) {
    case "ProjectSnapshot":
    case "ProjectChanged":
      return { ...state, project: newer(state.project, event.project) };
    case "BuildAdded":
      return { ...state, builds: put(state.builds, event.edge.node) };
    case "BuildChanged":
      return { ...state, builds: put(state.builds, event.build) };
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
        project: project ? { ...project, services: left(project.services) } : null,
        builds: left(state.builds),
      };
    }
    default:
      return state;
  }
}

function put(builds: readonly BuildRowFragment[], told: BuildRowFragment): readonly BuildRowFragment[] {
  const at = builds.findIndex((build) => build.id === told.id);
  if (at >= 0) return builds.map((build, index) => (index === at ? newer(build, told) : build));
  return [...builds, told].sort((a, b) => (a.queuedAt < b.queuedAt ? 1 : a.queuedAt > b.queuedAt ? -1 : b.number - a.number));
}
