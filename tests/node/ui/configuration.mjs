// Alice looks at the settings of build services whose configuration a cluster keeps: one that was adopted, one that somebody changed
// there, and one that the cluster cannot be asked about. She brings back what was changed, and removes the last one, of which something
// is left.
import assert from "node:assert/strict";
import { ask, signIn, story } from "./support.mjs";

await story(async ({ page, look }) => {
  const field = (label) => page.locator(`.field:has(> label:text-is("${label}"))`);
  await signIn(page, "/ui/projects/shop/settings/theirs");
  const strategy = field("Strategy");
  await strategy.getByText("As it is on The cluster: it can be changed there.").waitFor();
  assert.equal(await strategy.locator("select").inputValue(), "Docker");
  assert(await strategy.locator("select").isDisabled());
  assert.equal(await field("Environment").locator("textarea").inputValue(), "A=1");
  assert.equal(await field("Path of the Jenkinsfile").locator("textarea").inputValue(), "", "there is none, and no default of ours");
  assert(!(await field("Workload").locator("textarea").getAttribute("readonly")), "what is not the cluster's can be given here");
  await look("configuration-adopted");

  await page.goto(page.url().replace("theirs", "web"));
  const policy = field("Run policy");
  await policy.getByText("somebody changed it").waitFor();
  assert.equal(await policy.locator("select").inputValue(), "Parallel");
  const source = page.locator("section:has(> #source)");
  await source.getByText("at develop").waitFor();
  await look("configuration-changed");
  await source.getByRole("button", { name: "Save" }).click();
  await source.getByText("✓ Saved").waitFor();
  await source.getByText("at develop").waitFor({ state: "detached" });
  await policy.getByText("somebody changed it").waitFor();
  await policy.locator("select").selectOption({ label: "As inherited: Serial" });
  await page.getByRole("button", { name: "Save 1 change" }).click();
  await policy.getByText("somebody changed it").waitFor({ state: "detached" });

  const { project } = await ask(`{ project(by: { slug: "shop" }) { environments { name connection { id } } } }`);
  const connectionId = project.environments.find(({ name }) => name === "builds").connection.id;
  const disconnect = "mutation ($input: DisconnectOAuthConnectionInput!) { disconnectOAuthConnection(input: $input) { userErrors { message } } }";
  await ask(disconnect, { input: { connectionId } });
  await page.goto(page.url().replace("web", "gone"));
  await page.getByText("The cluster could not be asked what it has").waitFor();
  await page.getByRole("button", { name: "Ask again" }).waitFor();
  await look("configuration-unknown");
  await page.getByRole("button", { name: "Remove build service" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill("gone");
  await dialog.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("heading", { name: "Removed, with something left" }).waitFor();
  await page.getByText("left at the engine").waitFor();
  await look("left-behind");
  await page.getByRole("link", { name: "Back to the settings" }).click();
  await page.waitForURL(/\/ui\/projects\/shop\/settings$/);
});
