// Alice adds Production, promotes a version there, connecting her account in place; Bob approves on the board; the next version comes by
// its pipeline and is rolled back; one more promotion is stopped. With the keyboard alone wherever something is done. More arguments:
// the tokens of Alice and Bob, the address of the cluster, and the id of the build service.
import assert from "node:assert/strict";
import { address, ask, more, press, signIn, story, tick, write } from "./support.mjs";

const [alice, bob, cluster, service] = more;
const BOARD = "/ui/projects/shop/environments";

const cell = (page) => page.locator("tbody tr", { hasText: "web" }).locator("td").nth(1);
const focused = (dialog) => dialog.evaluate((one) => one.contains(document.activeElement));

await story(async ({ page, context, look }) => {
  await signIn(page, `${BOARD}/manage`, alice);
  await press(page, "button", /^Add an environment/);
  const adding = page.getByRole("dialog", { name: "Add an environment" });
  await write(adding.getByLabel("Name required", { exact: true }), "Production");
  await write(adding.getByLabel("Name for pipelines"), "test");
  await write(adding.getByLabel("Address of the cluster"), cluster);
  await write(adding.getByLabel("How many people must approve"), "1");
  await tick(adding.getByLabel("In order"));
  await press(adding, "button", /^Add/);
  await page.waitForSelector(".field:has([name=name]) .refused");
  await look("environment-refused");
  await write(adding.getByLabel("Name for pipelines"), "production");
  await page.keyboard.press("Enter");
  await adding.waitFor({ state: "detached" });
  await page.waitForSelector(".environment >> text=1 approval · in order");
  await look("environments-manage");

  await page.goto(address + BOARD);
  await page.waitForSelector(".board >> text=Nothing runs here.");
  await look("board");
  await press(cell(page), "button", /^Promote #2/);
  let dialog = page.getByRole("dialog", { name: "Promote web to Production" });
  await dialog.getByText("1 person has to approve it").waitFor();
  await dialog.locator(".versions li").waitFor();
  assert(await focused(dialog), "the focus is in the dialog");
  await look("promote-no-account");
  await press(dialog, "button", /^Connect/);
  await page.waitForURL((url) => url.origin !== address);
  while (new URL(page.url()).origin !== address) {
    const left = page.waitForNavigation();
    if (await page.$("input[name=user]")) await page.fill("input[name=user]", "alice");
    await page.focus("button[value=yes]");
    await page.keyboard.press("Enter");
    await left;
  }
  // She is back, and so is the question.
  await dialog.getByText("is used").waitFor();
  assert(!page.url().includes("promote="), page.url());
  await look("promote");
  const why = dialog.getByLabel("Why, for whoever approves");
  assert((await why.boundingBox()).width > 200, "there is room for words");
  await write(why, "For the sale");
  await press(dialog, "button", /^Promote/);
  await dialog.waitFor({ state: "detached" });
  await cell(page).getByText("Waiting for approval").waitFor();
  const own = cell(page).getByRole("button", { name: "Deploy" });
  assert(await own.isDisabled(), "whoever asks does not approve");
  await cell(page).getByText("may not decide about it").waitFor();
  assert.equal(await cell(page).getByText("For the sale").count(), 1, "its reason is told once");
  await look("board-asked");

  // Bob approves on the board, and Alice sees it without a reload.
  const other = await (await context.browser().newContext()).newPage();
  other.setDefaultTimeout(120_000);
  await signIn(other, BOARD, bob);
  await press(cell(other), "button", /^Deploy/);
  await cell(page).getByText("Live", { exact: true }).waitFor();
  await cell(page).getByText(/^main-2-/).waitFor();
  await cell(page).getByRole("link", { name: /^Visit/ }).waitFor();

  // The history is open in another tab all the while: it is told everything too.
  const history = await context.newPage();
  history.setDefaultTimeout(120_000);
  await signIn(history, `${BOARD}/production/history`, alice);
  await history.waitForSelector(".deployment >> text=Live");

  // So does the page of the build that made the version.
  const made = await context.newPage();
  made.setDefaultTimeout(120_000);
  await signIn(made, "/ui/projects/shop/web/builds/2", alice);
  const runs = (word) => made.locator(".deployed li", { hasText: "Production" }).getByText(word, { exact: true }).waitFor();
  await runs("Live");
  await look("build-deployed", made);

  // The next version comes by its own pipeline; the board learns of it by itself.
  await ask("mutation($service: ID!) { startBuild(input: { serviceId: $service }) { build { id } } }", { service }, alice);
  await cell(page).getByText("Deploy main-4-").waitFor();
  await press(cell(other), "button", /^Deploy/);
  await cell(page).locator(".version", { hasText: "main-4-" }).waitFor();
  await runs("Superseded");

  await press(cell(page), "button", /^Roll back/);
  dialog = page.getByRole("dialog", { name: "Roll back web in Production" });
  await dialog.getByText(/^main-2-/).waitFor();
  assert(await focused(dialog), "the focus is in the dialog");
  await look("roll-back");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Roll back/, "the focus is back");
  await page.keyboard.press("Enter");
  await write(dialog.getByLabel("Why"), "It loses baskets");
  await press(dialog, "button", /^Roll back/);
  await cell(page).getByText("Takes back main-4-").waitFor();
  await press(cell(other), "button", /^Deploy/);
  await cell(page).locator(".version", { hasText: "main-2-" }).waitFor();
  await cell(page).getByText("1 behind").waitFor();
  await runs("Live");
  await look("board-rolled-back");

  // What was taken back may come again; this time it is stopped on its way.
  await press(cell(page), "button", /^Promote #4/);
  await press(page.getByRole("dialog", { name: "Promote web to Production" }), "button", /^Promote/);
  await press(cell(page), "button", /^Stop/);
  dialog = page.getByRole("dialog", { name: /^Stop bringing main-4-/ });
  await look("stop");
  await press(dialog, "button", /^Stop it/);
  await cell(page).locator("alm-moving").waitFor({ state: "detached" });
  await cell(page).locator(".version", { hasText: "main-2-" }).waitFor();

  await press(cell(page), "link", /^History/);
  await page.waitForSelector("h2:text('History of Production')");
  await page.waitForSelector(".deployment >> text=took back main-4-");
  for (const shown of [page, history]) {
    await shown.waitForSelector(".deployment >> text=Cancelled");
    const states = await shown.locator(".deployment alm-status").allTextContents();
    assert.deepEqual(states.map((one) => one.trim()), ["Cancelled", "Live", "Rolled back", "Superseded"]);
  }
  await look("history");
});
