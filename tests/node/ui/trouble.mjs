// One question of a screen goes wrong, by a reply of 500 and by an error at its field: its tile says so, the others are there, and Retry
// with the keyboard puts it right.
import assert from "node:assert/strict";
import { address, signIn, start, story } from "./support.mjs";

// The screen, the question, the field that it is about; how its tile says so; what is there all the same, and what Retry brings.
const SCREENS = [
  ["", "Projects", "projects", "The projects", "h1:text('Projects')", "alm-project-card"],
  ["projects/shop", "ProjectFrame", "project", "What this project may do", ".builds > li", "a:text('Add a build service')"],
  ["projects/shop", "Project", "project", "The builds", "h1:text('shop')", ".builds > li"],
  ["projects/shop/environments", "Board", "project", "The board", ".tabs", "text=Nowhere to deploy yet"],
  ["projects/shop/environments/manage", "Environments", "project", "The environments", ".tabs", "text=No environments yet"],
  ["projects/shop/settings", "ProjectSettings", "project", "The build services", "h2:text('Name and description')", ".plainlist a"],
  ["projects/shop/settings/main", "ServiceSettings", "node", "The build service", ".tabs", "h2:text('What it builds')"],
  ["projects/shop/members", "Members", "project", "The members", ".tabs", "h2:text('Add a member')"],
  ["projects/shop/audit", "AuditTrail", "auditEvents", "The trail", "form[role=search] >> text=Outcome", ".trail > li"],
  ["projects/shop/new-service", "ServiceForm", "providers", "The providers", ".tabs", "main form"],
  ["projects/shop/main/trend", "TrendService", "project", "The trend", "h1:text('Trend of')", "text=How long they took"],
  ["projects/shop/main/trend", "Trend", "node", "The trend", "h1:text('Trend of')", "text=How long they took"],
  ["projects/shop/main/builds/1", "Build", "build", "The build", ".crumbs", ".head >> text=Failed"],
  ["projects/shop/main/builds/1", "LogWindow", "log", "The log", "h1:has-text('main #1')", "[role=log] >> text=divided by zero"],
  ["providers", "ProviderKinds", "providerKinds", "What may be registered", "h2:text('What they can do')", "a:text('Register a provider')"],
  ["providers/register", "ProviderKinds", "providerKinds", "What may be registered", "h1", "main form"],
  ["tokens", "Tokens", "viewer", "Your tokens", "h1", "main form"],
  ["audit", "AuditTrail", "auditEvents", "The trail", "form[role=search] >> text=Outcome", ".trail > li"],
  ["oauth-clients", "OAuthClients", "oauthClients", "The clients", "h1", "button:text('Register a client')"],
];
// The tile is the same on all of them: these arrange it differently.
const LOOKED = new Set(["ProjectFrame", "ProjectSettings", "Build", "LogWindow", "ProviderKinds"]);
const FAULTS = [
  { says: "The server answered with 500.", reply: () => ({ status: 500, body: "" }) },
  {
    says: "The disk is full.",
    reply: (field) => ({ json: { data: null, errors: [{ message: "The disk is full.", path: [field], extensions: { code: "INTERNAL" } }] } }),
  },
];

// Replies to this question only; the others go their way.
const instead = (page, name, reply) =>
  page.route("**/graphql", (route) => (route.request().postDataJSON()?.operationName === name ? reply(route) : route.fallback()));

await start("shop");
await story(async ({ page, trouble, look }) => {
  await signIn(page, "/ui/projects/shop");
  await page.locator(".builds a > .status", { hasText: "Failed" }).waitFor();
  for (const { says, reply } of FAULTS) {
    for (const [path, question, field, what, stays, comes] of SCREENS) {
      await instead(page, question, (route) => route.fulfill(reply(field)));
      await page.goto(`${address}/ui/${path}`);
      const tile = page.getByRole("alert");
      await tile.getByText(`${what} could not be read. ${says}`).waitFor();
      await page.locator(stays).first().waitFor();
      assert.equal(await tile.count(), 1, `${path}: ${question}`);
      assert.equal(await page.locator(comes).count(), 0, `${path}: ${question} could not be read, and ${comes} is shown`);
      if (LOOKED.has(question) && says.endsWith("500.")) await look(`trouble-${question}-${path.split("/").at(-1)}`);
      // In vain once more: the tile stays, and so does the focus.
      const retry = tile.getByRole("button", { name: "Retry" });
      await retry.focus();
      const asked = page.waitForResponse((one) => one.request().postDataJSON()?.operationName === question);
      await page.keyboard.press("Enter");
      await asked;
      await retry.waitFor();
      assert(await retry.evaluate((button) => button === document.activeElement), `${path}: Retry keeps the focus`);
      await page.unrouteAll();
      await page.keyboard.press("Enter");
      await page.locator(comes).first().waitFor();
      await tile.waitFor({ state: "detached" });
    }
  }
  // What a tile does not need may be missing.
  await instead(page, "Projects", async (route) => {
    const reply = await route.fetch();
    const { data } = await reply.json();
    await route.fulfill({ json: { data: { ...data, serverInfo: null }, errors: [{ message: "No clock.", path: ["serverInfo"] }] } });
  });
  await page.goto(`${address}/ui`);
  await page.waitForSelector("alm-project-card");
  assert.equal(await page.getByRole("alert").count(), 0);
  trouble.splice(0).forEach((one) => assert.match(one, /status of 500/));
});
