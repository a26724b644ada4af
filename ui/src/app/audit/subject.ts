import type { SubjectBitsFragment } from "../api/operations";

/** Where in the pages something is. */
export interface Place {
  readonly path: readonly (string | number)[];
  readonly query?: { readonly stage: string };
}

type Subject = SubjectBitsFragment | null;
type BuildAt = Extract<SubjectBitsFragment, { readonly __typename: "Approval" }>["build"];

/** The page of what was done something to; null where it is gone, or has none. */
export function placeOf(subject: Subject): Place | null {
  switch (subject?.__typename) {
    case "Build":
      return { path: build(subject) };
    case "Stage":
      return { path: build(subject.build), query: { stage: subject.key } };
    case "Approval":
      return { path: build(subject.build) };
    case "BuildService":
      return subject.removedAt ? null : { path: ["/projects", subject.project.slug, "settings", subject.slug] };
    case "Environment": {
      const environments = ["/projects", subject.project.slug, "environments"];
      return subject.removedAt ? null : { path: subject.role === "TARGET" ? [...environments, subject.name, "history"] : [...environments, "manage"] };
    }
    case "Deployment":
      return { path: ["/projects", subject.environment.project.slug, "environments", subject.environment.name, "history"] };
    case "Project":
      return { path: ["/projects", subject.slug] };
    case "Provider":
      return { path: ["/providers", subject.slug] };
    default:
      return null;
  }
}

function build({ project, service, number }: BuildAt): Place["path"] {
  return ["/projects", project.slug, service.slug, "builds", number];
}
