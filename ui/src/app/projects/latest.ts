import type { BuildRowFragment, ServiceCardFragment } from "../api/operations";
import { newer } from "../parts/newer";

/** Build services, each with its newest build: as it was read, or as it was told since. */
export function latest(services: readonly ServiceCardFragment[], builds: readonly BuildRowFragment[]) {
  return services.map((service) => {
    let last = service.latestBuild;
    for (const build of builds) {
      if (build.service.id !== service.id || build.number < (last?.number ?? 0)) continue;
      last = last?.id === build.id ? newer(last, build) : build;
    }
    return { ...service, latest: last };
  });
}
