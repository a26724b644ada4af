import { Injectable, inject, signal } from "@angular/core";
import { Apollo } from "apollo-angular";
import { firstValueFrom } from "rxjs";

import {
  BegunProjectDocument,
  CreateBuildServiceDocument,
  CreateProjectDocument,
  PrepareSampleDocument,
  StartBuildDocument,
} from "../api/operations";
import { freshKey } from "../core/key";
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

interface Refusals {
  readonly userErrors: readonly { readonly message: string; readonly code: string }[];
}

class Refused extends Error {}

/** Makes project and build service, and starts a build. A try that was cut off is gone on with: what is there is used again. */
@Injectable()
export class Steps {
  private readonly apollo = inject(Apollo);

  /** What is being done; null while nothing is. */
  readonly now = signal<string | null>(null);
  readonly refused = signal<string | null>(null);

  async run(plan: Plan): Promise<Running | null> {
    if (this.now() !== null) return null;
    this.refused.set(null);
    try {
      const repository = await this.repository(plan);
      this.now.set("Setting up the project…");
      const project = await this.project(plan.project);
      this.now.set("Setting up the build service…");
      const service = await this.service(project, plan, repository);
      this.now.set("Starting a build…");
      const input = { serviceId: service.id, idempotencyKey: freshKey() };
      const started = await this.did(StartBuildDocument, { input }, (data) => data.startBuild);
      const build = started.told.build;
      return build ? [project.slug, service.slug, build.number] : null;
    } catch (error) {
      this.refused.set(error instanceof Refused ? error.message : problem(error));
      return null;
    } finally {
      this.now.set(null);
    }
  }

  private async repository({ source }: Plan): Promise<{ readonly url: string; readonly ref: string }> {
    if ("url" in source) return { url: source.url, ref: "HEAD" };
    this.now.set("Writing the sample…");
    const { told } = await this.did(PrepareSampleDocument, { input: { name: source.sample } }, (data) => data.prepareSample);
    if (!told.repository) throw new Refused("The server did not say where the sample is. Try again.");
    return told.repository;
  }

  private async project(wanted: Plan["project"]): Promise<{ readonly id: string; readonly slug: string }> {
    const made = await this.did(CreateProjectDocument, { input: wanted }, (data) => data.createProject, true);
    if (made.told.project) return made.told.project;
    const there = await this.begun(wanted.slug);
    if (!there) throw new Refused(`There is a project ${wanted.slug} already that is not yours: ${made.why}`);
    return there;
  }

  private async service(
    project: { readonly id: string; readonly slug: string },
    plan: Plan,
    repository: { readonly url: string; readonly ref: string },
  ): Promise<{ readonly id: string; readonly slug: string }> {
    const input = { projectId: project.id, providerId: plan.provider, repository, ...plan.service };
    const made = await this.did(CreateBuildServiceDocument, { input }, (data) => data.createBuildService, true);
    if (made.told.service) return made.told.service;
    const there = (await this.begun(project.slug))?.services.find((one) => one.slug === plan.service.slug);
    if (there?.repository.url !== repository.url) throw new Refused(made.why);
    return there;
  }

  private async begun(slug: string) {
    const { data } = await firstValueFrom(this.apollo.query({ query: BegunProjectDocument, variables: { slug } }));
    return data?.project ?? null;
  }

  /** The payload; a short name that is in use is no refusal where one goes on with what is there. */
  private async did<Data, Variables extends Record<string, unknown>, Told extends Refusals>(
    mutation: import("@apollo/client").TypedDocumentNode<Data, Variables>,
    variables: Variables,
    payload: (data: Data) => Told | null | undefined,
    orThere = false,
  ): Promise<{ readonly told: Told; readonly why: string }> {
    const { data } = await firstValueFrom(this.apollo.mutate<Data, Variables>({ mutation, variables }));
    const told = data ? payload(data as Data) : null;
    if (!told) throw new Refused("The server gave no answer. Try again.");
    const why = told.userErrors.map(({ message }) => message).join("; ");
    const isThere = orThere && told.userErrors.every(({ code }) => code === "TAKEN");
    if (why && !isThere) throw new Refused(why);
    return { told, why };
  }
}
