import type { JumpQuery } from "../api/operations";

/** What the server finds. */
export type Found = NonNullable<JumpQuery["projects"]>["edges"][number]["node"];
type Service = Found["services"][number];

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

/** Where one may go: the build of that number here or of what was found, else projects and their newest builds; what fits best first. */
export function places({ words, number }: Wanted, found: readonly Found[], path: string): readonly Place[] {
  const [, hereProject, hereService] = /\/projects\/([^/?#]+)(?:\/([^/?#]+)\/(?:builds\/|trend))?/.exec(path) ?? [];
  const services = found.flatMap((project) => project.services.map((service) => ({ project, service })));
  const fits = new Set(services.filter((one) => isMeant(words, one.project, one.service)));
  const best = [...fits, ...services.filter((one) => !fits.has(one))];
  if (number !== null) {
    const here: Place[] = hereProject && hereService && !words ? [build(hereProject, hereService, number, hereService, "build here")] : [];
    const there = best.filter(({ project, service }) => has(service, number) && !(project.slug === hereProject && service.slug === hereService));
    return [...here, ...there.map((one) => of(one.project, one.service, number, "build"))].slice(0, MOST);
  }
  const newest = (all: Iterable<{ project: Found; service: Service }>): Place[] =>
    [...all].flatMap(({ project, service }) => (service.latestBuild ? [of(project, service, service.latestBuild.number, "newest build")] : []));
  const projects = found.map(({ slug, displayName }) => ({ text: displayName, hint: "project", link: ["/projects", slug] }));
  return [...newest(fits), ...projects, ...newest(best.filter((one) => !fits.has(one)))].slice(0, MOST);
}

/** What to ask the server for: the words, else, where only a number is said, the project that is open. */
export function asked({ words, number }: Wanted, path: string): string {
  const here = /\/projects\/([^/?#]+)/.exec(path)?.[1] ?? "";
  return words ? words.replaceAll("/", " ") : number === null ? "" : here;
}

/** Whether the words are about this build service: all of them fit it or its project, and one the build service itself. */
function isMeant(words: string, project: Found, service: Service): boolean {
  const all = words.toLowerCase().split(/[\s/]+/).filter((word) => word !== "");
  const own = `${service.slug} ${service.displayName}`.toLowerCase();
  const whole = `${project.slug} ${project.displayName} ${own}`.toLowerCase();
  return all.some((word) => own.includes(word)) && all.every((word) => whole.includes(word));
}

function has({ latestBuild }: Service, number: number): boolean {
  return latestBuild !== null && number >= 1 && number <= latestBuild.number;
}

function of(project: Found, service: Service, number: number, what: string): Place {
  return build(project.slug, service.slug, number, service.displayName, `${what} in ${project.displayName}`);
}

function build(project: string, service: string, number: number, text: string, hint: string): Place {
  return { text: `${text} #${number}`, hint, link: ["/projects", project, service, "builds", number] };
}
