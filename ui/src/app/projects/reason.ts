import type { ProjectCardFragment } from "../api/operations";

/** The first reason for the verdict on a project, and where it leads; what this page does not know is told in the server's words. */
export function reason({ slug, health }: Pick<ProjectCardFragment, "slug" | "health">): { readonly text: string; readonly link: readonly unknown[] | null } | null {
  const first = health.reasons[0];
  if (!first) return null;
  const { code, message, subject } = first;
  if (subject?.__typename !== "Build") return { text: message, link: null };
  const { service, number } = subject;
  const words = code === "LAST_BUILD_FAILED" ? "failed" : code === "WAITING_FOR_APPROVAL" ? "waits for a decision" : `: ${message}`;
  return { text: `${service.displayName} #${number} ${words}`, link: ["/projects", slug, service.slug, "builds", number] };
}
