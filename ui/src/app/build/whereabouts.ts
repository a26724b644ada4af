import type { DeployedBitsFragment } from "../api/operations";
import { put } from "../parts/pages";

export type Deployed = DeployedBitsFragment;

/** The deployments of this build with those that are told, newest first; those of other builds are left out. */
export function brought(known: readonly Deployed[], told: readonly Deployed[], build: string): readonly Deployed[] {
  const own = told.filter((one) => one.build.id === build);
  return own.reduce((all, one) => put(all, one, (a, b) => (a.id < b.id ? 1 : -1)), known);
}

/** Of each environment the deployment that counts: the one that runs there, else the newest. Those that run come first. */
export function shown(newestFirst: readonly Deployed[]): readonly Deployed[] {
  const sorted = [...newestFirst].sort((a, b) => Number(isLive(b)) - Number(isLive(a)));
  return sorted.filter((one, at) => sorted.findIndex(({ environment }) => environment.id === one.environment.id) === at);
}

function isLive({ status }: Deployed): boolean {
  return status === "ACTIVE";
}
