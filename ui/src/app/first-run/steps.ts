import { Injectable, inject, signal } from "@angular/core";
import { Apollo } from "apollo-angular";
import { firstValueFrom } from "rxjs";

import {
  BegunProjectDocument,
  type CreateBuildServiceInput,
  CreateBuildServiceDocument,
  CreateProjectDocument,
  PrepareSampleDocument,
  StartBuildDocument,
} from "../api/operations";
import { freshKey } from "../core/key";
import { type Refusal, type Refused as Refusals, placed } from "../core/send";
import { problem } from "../parts/problem";

/** From nothing to a running build. */
export interface Plan {
  readonly provider: string;
  readonly project: { readonly slug: string; readonly displayName: string; readonly description: string | null };
  readonly service: { readonly slug: string; readonly displayName: string };
  /** A sample, by its name, or the address of a repository. */
  readonly source: { readonly sample: string } | { readonly url: string };
}

/** Where the build is that was started. */
export type Running = readonly [project: string, service: string, number: number];

interface Payload {
  readonly userErrors: readonly (Refusal & { readonly code: string })[];
}

class Refused extends Error {
  readonly all: readonly Refusal[];

  constructor(all: readonly Refusal[]) {
    super();
    this.all = all;
  }
}

/**
 * Makes project and build service, and starts a build. A try that was cut off is gone on with: what is there is used again. The
 * build service is checked before there is a project, so that what is refused leaves nothing behind.
 */
@Injectable()
export class Steps {
  private readonly apollo = inject(Apollo);

  /** What is being done; null while nothing is. */
  readonly now = signal<string | null>(null);
  /** What was refused of the plan: of its address, where that was typed, and of all else. */
  readonly refused = signal<Refusals>(new Map());

  async run(plan: Plan): Promise<Running | null> {
    if (this.now() !== null) return null;
    this.refused.set(new Map());
    try {
      const repository = await this.repository(plan);
      this.now.set("Checking the repository…");
      const wanted = { providerId: plan.provider, repository, ...plan.service };
      await this.did(CreateBuildServiceDocument, { input: { ...wanted, validateOnly: true } }, (data) => data.createBuildService);
      this.now.set("Setting up the project…");
      const project = await this.project(plan.project);
      this.now.set("Setting up the build service…");
      const service = await this.service(project, wanted);
      this.now.set("Starting a build…");
      const input = { serviceId: service.id, idempotencyKey: freshKey() };
      const { build } = await this.did(StartBuildDocument, { input }, (data) => data.startBuild);
      return build ? [project.slug, service.slug, build.number] : null;
    } catch (error) {
      const all = error instanceof Refused ? error.all : [{ message: problem(error) }];
      this.refused.set(placed(all, "url" in plan.source ? ["repository/url"] : []));
      return null;
    } finally {
      this.now.set(null);
    }
  }

  private async repository({ source }: Plan): Promise<{ readonly url: string; readonly ref: string }> {
    if ("url" in source) return { url: source.url, ref: "HEAD" };
    this.now.set("Writing the sample…");
    const told = await this.did(PrepareSampleDocument, { input: { name: source.sample } }, (data) => data.prepareSample);
    if (!told.repository) throw new Refused([{ message: "The server did not say where the sample is. Try again." }]);
    return told.repository;
  }

  private async project(wanted: Plan["project"]): Promise<{ readonly id: string; readonly slug: string }> {
    const made = await this.did(CreateProjectDocument, { input: wanted }, (data) => data.createProject, true);
    const project = made.project ?? (await this.begun(wanted.slug));
    if (!project) throw new Refused([{ message: `There is a project ${wanted.slug} already that is not yours.` }, ...made.userErrors]);
    return project;
  }

  private async service(
    project: { readonly id: string; readonly slug: string },
    wanted: Omit<CreateBuildServiceInput, "projectId">,
  ): Promise<{ readonly id: string; readonly slug: string }> {
    const input = { ...wanted, projectId: project.id };
    const made = await this.did(CreateBuildServiceDocument, { input }, (data) => data.createBuildService, true);
    if (made.service) return made.service;
    const there = (await this.begun(project.slug))?.services.find((one) => one.slug === wanted.slug);
    if (there?.repository.url !== wanted.repository.url) throw new Refused(made.userErrors);
    return there;
  }

  private async begun(slug: string) {
    const { data } = await firstValueFrom(this.apollo.query({ query: BegunProjectDocument, variables: { slug } }));
    return data?.project ?? null;
  }

  /** The payload; a short name that is in use is no refusal where one goes on with what is there. */
  private async did<Data, Variables extends Record<string, unknown>, Told extends Payload>(
    mutation: import("@apollo/client").TypedDocumentNode<Data, Variables>,
    variables: Variables,
    payload: (data: Data) => Told | null | undefined,
    orThere = false,
  ): Promise<Told> {
    const { data } = await firstValueFrom(this.apollo.mutate<Data, Variables>({ mutation, variables }));
    const told = data ? payload(data as Data) : null;
    if (!told) throw new Refused([{ message: "The server gave no answer. Try again." }]);
    const isThere = orThere && told.userErrors.every(({ code }) => code === "TAKEN");
    if (told.userErrors.length > 0 && !isThere) throw new Refused(told.userErrors);
    return told;
  }
}
