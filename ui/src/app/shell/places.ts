import type { JumpQuery } from "../api/operations";

type Found = NonNullable<JumpQuery["projects"]>["edges"][number]["node"];

/** Somewhere to go to. */
export interface Place {
  readonly text: string;
  readonly hint: string;
  readonly link: readonly (string | number)[];
}

/** What was typed: words, and the number of a build where there is a `#12`. */
export interface Wanted {
  readonly words: string;
  readonly number: number | null;
}

/** Most places that are offered. */
const MOST = 8;

export function wanted(text: string): Wanted {
  const found = /^(.*?)(?:#?\s*(\d{1,9}))?$/.exec(text.trim());
  const [words, number] = [found?.[1]?.trim() ?? "", found?.[2]];
  // A number without its mark belongs to a name, such as `web 2`, unless it is all there is.
  if (number !== undefined && !text.includes("#") && words !== "") return { words: text.trim(), number: null };
  return { words: words.replace(/#$/, "").trim(), number: number === undefined ? null : Number(number) };
}

/** Where one may go: the build of that number here or of what was found, else projects and their newest builds. */
export function places({ words, number }: Wanted, found: readonly Found[], path: string): readonly Place[] {
  const all: Place[] = [];
  const build = (project: string, service: string, which: number, text: string, hint: string): void => {
    all.push({ text: `${text} #${which}`, hint, link: ["/projects", project, service, "builds", which] });
  };
  if (number !== null) {
    const here = /\/projects\/([^/]+)\/([^/]+)\/(?:builds\/|trend)/.exec(path);
    if (!words && here?.[1] && here[2]) build(here[1], here[2], number, here[2], "build here");
    for (const project of found) {
      for (const service of project.services) {
        build(project.slug, service.slug, number, service.displayName, `build in ${project.displayName}`);
      }
    }
    return all.slice(0, MOST);
  }
  for (const project of found) {
    all.push({ text: project.displayName, hint: "project", link: ["/projects", project.slug] });
  }
  for (const project of found) {
    for (const { slug, displayName, latestBuild } of project.services) {
      if (latestBuild) build(project.slug, slug, latestBuild.number, displayName, `newest build in ${project.displayName}`);
    }
  }
  return all.slice(0, MOST);
}
