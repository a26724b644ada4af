// The real server, in a folder of its own that is removed in the end, with projects whose builds are measured.
import { execFileSync, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PATIENCE = 60_000;

export async function world(program) {
  const folder = await mkdtemp(join(tmpdir(), "alm-bench-"));
  const port = await free();
  const address = `http://127.0.0.1:${port}`;
  const env = { ...process.env, ALM_SERVER_BIND: `127.0.0.1:${port}`, ALM_DATA_DIR: join(folder, "data") };
  const server = spawn(program, ["serve"], { env, stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  await until(async () => (await fetch(`${address}/readyz`)).ok);
  const token = (await readFile(join(folder, "data/token"), "utf8")).trim();

  const ask = async (query, variables = {}) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const reply = await fetch(`${address}/graphql`, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
    const { data, errors } = await reply.json();
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  const { providers } = await ask("{ providers(first: 1) { edges { node { id } } } }");
  const providerId = providers.edges[0].node.id;

  // A project with a build service that builds a repository with this pipeline.
  const project = async (slug, pipeline) => {
    const repository = join(folder, slug);
    await mkdir(join(repository, ".alm"), { recursive: true });
    await writeFile(join(repository, ".alm/pipeline.yaml"), pipeline);
    const git = (...words) => execFileSync("git", ["-c", "user.name=Bench", "-c", "user.email=bench@example.org", ...words], { cwd: repository });
    git("init", "--quiet", "--initial-branch=main");
    git("add", ".");
    git("commit", "--quiet", "--message", "Begin");
    const made = await ask("mutation($i: CreateProjectInput!) { createProject(input: $i) { project { id } } }", { i: { slug, displayName: slug } });
    const input = { projectId: made.createProject.project.id, providerId, slug: "main", displayName: "main", repository: { url: repository, ref: "main" } };
    const { createBuildService } = await ask("mutation($i: CreateBuildServiceInput!) { createBuildService(input: $i) { service { id } userErrors { message } } }", { i: input });
    return createBuildService.service.id;
  };
  const start = async (serviceId) => {
    const { startBuild } = await ask("mutation($i: StartBuildInput!) { startBuild(input: $i) { build { id } } }", { i: { serviceId } });
    return startBuild.build.id;
  };
  const over = (id) =>
    until(async () => (await ask("query($id: ID!) { build(by: { id: $id }) { finishedAt } }", { id })).build.finishedAt !== null, 10 * PATIENCE);
  const stop = async () => {
    server.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  return { address, token, project, start, over, stop };
}

export async function until(holds, patience = PATIENCE) {
  for (const end = Date.now() + patience; Date.now() < end; ) {
    if (await holds().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`it did not come about within ${patience / 1000} s: ${holds}`);
}

function free() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
