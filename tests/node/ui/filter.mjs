// Somebody looks for certain builds of `shop`: by their state, build service, branch and commit, in the address and live. A build that
// is looked for comes in, one that is not stays out, and one that is it no more says so until it is taken out.
import assert from "node:assert/strict";
import { address, approve, ask, signIn, story } from "./support.mjs";

// A second build service for the shop, which builds the repository of `broken`.
const { broken, shop } = await ask(`{
  broken: project(by: { slug: "broken" }) { services { repository { url ref } provider { id } } }
  shop: project(by: { slug: "shop" }) { id services { id } }
}`);
const [{ repository, provider }] = broken.services;
const input = { projectId: shop.id, providerId: provider.id, slug: "checks", displayName: "Checks", repository };
const { createBuildService } = await ask(
  "mutation($input: CreateBuildServiceInput!) { createBuildService(input: $input) { service { id } userErrors { message } } }",
  { input },
);
assert.deepEqual(createBuildService.userErrors, []);
const start = (serviceId) =>
  ask("mutation($input: StartBuildInput!) { startBuild(input: $input) { userErrors { message } } }", { input: { serviceId } });

await story(async ({ page, look }) => {
  const rows = page.locator(".builds > li");
  const says = (word) => page.locator(".builds a > .status", { hasText: word });
  const state = page.getByLabel("State");
  const names = () => page.locator(".builds .name").allTextContents();

  await signIn(page, "/ui/projects/shop?status=unfinished");
  await page.waitForSelector("text=No build fits these filters");
  await look("builds-none-fits");

  // Live: what fits comes in, without a reload.
  await start(shop.services[0].id);
  await says("Waiting for approval").waitFor();
  assert.deepEqual(await names(), ["Main #1"]);
  // Its end is told in its place, where it is said that it is not looked for any more.
  await approve("shop");
  await page.waitForSelector("text=1 build does not fit any more");
  await says("Succeeded").waitFor();
  await look("builds-fits-no-more");
  const tidy = page.getByRole("button", { name: "Take out" });
  await tidy.focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=No build fits these filters");

  // A build that ends in a way that is not looked for is never there; one that ends as is looked for comes when it does.
  await state.selectOption("Failed or errored");
  await page.waitForURL(/\?status=failed$/);
  await start(createBuildService.service.id);
  await says("Failed").waitFor();
  assert.deepEqual(await names(), ["Checks #1"]);

  // All of them together, with the keyboard, and in the address.
  await page.getByLabel("Build service").selectOption("Checks");
  await page.getByLabel("Branch or tag").fill(repository.ref);
  await page.keyboard.press("Tab");
  await page.waitForURL(/status=failed&service=checks&ref=/);
  await page.getByLabel("Only mine").focus();
  await page.keyboard.press("Space");
  await page.waitForURL(/mine=true/);
  await says("Failed").waitFor();
  await look("builds-filtered");
  await page.reload();
  await says("Failed").waitFor();
  assert.deepEqual([await names(), await state.inputValue(), await page.getByLabel("Only mine").isChecked()], [["Checks #1"], "failed", true]);
  // Opened, and come back to.
  await rows.getByRole("link").press("Enter");
  await page.waitForURL(/\/checks\/builds\/1$/);
  await page.goBack();
  await says("Failed").waitFor();
  assert.match(page.url(), /status=failed&service=checks/);

  await page.getByLabel("Branch or tag").fill("no-such-branch");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=No build fits these filters");
  await page.locator(".empty").getByRole("button", { name: "Clear filters" }).press("Enter");
  await rows.nth(1).waitFor();
  assert.deepEqual([await names(), new URL(page.url()).search], [["Checks #1", "Main #1"], ""]);

  // A commit, by its beginning; and what is none.
  const { build } = await ask(
    `{ build(by: { address: { project: "shop", service: "main", number: 1 } }) { commit { sha } } }`,
  );
  const commit = page.getByLabel("Commit");
  await commit.fill(build.commit.sha.slice(0, 5));
  await commit.press("Enter");
  await page.waitForSelector("[role=alert] >> text=first 7 characters");
  assert.equal(await commit.getAttribute("aria-invalid"), "true");
  await look("builds-no-commit");
  await commit.fill(build.commit.sha.slice(0, 8));
  await commit.press("Enter");
  await page.waitForFunction(() => document.querySelectorAll(".builds > li").length === 1);
  assert.deepEqual(await names(), ["Main #1"]);

  await page.goto(`${address}/ui/projects/shop?service=nothing`);
  await page.waitForSelector("text=No build service here is called “nothing”");
  assert.equal(await page.getByLabel("Build service").inputValue(), "nothing");
});
