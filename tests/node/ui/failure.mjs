// Finds the failure of the project `broken`, sees it from every side, and runs again from there; with the keyboard alone.
import assert from "node:assert/strict";
import { address, press, reach, signIn, start, story } from "./support.mjs";

await story(async ({ page, context, look }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: address });
  const copied = async (name) => {
    await page.getByRole("button", { name }).press("Enter");
    await page.getByRole("button", { name: name.replace("Copy", "✓ Copied") }).waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  await start("broken");
  await signIn(page, "/ui/projects/broken/main/builds/1");
  await page.waitForSelector(".failure >> text=divided by zero");
  await page.waitForSelector(".head >> text=Failed");
  assert.match(await page.title(), /^Failed/);
  await look("failure-graph");

  // Nothing moved, and the graph says it in words.
  await page.waitForSelector(".says >> text=5 stages");
  await page.keyboard.press("]");
  await page.waitForURL(/stage=test/);
  await page.waitForSelector(".stage-panel >> text=Attempt 2");
  await press(page.locator(".stage-panel"), "button", /^Attempt 1/);
  await page.waitForURL(/attempt=1/);
  await page.waitForSelector(".chip >> text=test, attempt 1");
  assert.equal(await copied("Copy the link to this attempt"), `${address}/ui/projects/broken/main/builds/1?stage=test&attempt=1`);
  assert.match(await copied("Copy the hash of the commit"), /^[0-9a-f]{40}$/);

  // One selection in three views.
  await page.keyboard.press("2");
  await page.waitForURL(/view=timeline/);
  await page.waitForSelector(".lane[aria-pressed=true] >> text=test");
  assert.equal(await page.locator(".lane:has-text('test') .bar-of[data-kind=run]").count(), 2);
  await look("failure-timeline");
  await page.keyboard.press("3");
  await page.waitForSelector("tr[aria-selected=true] >> text=test");
  await reach(page.locator("tr[aria-selected=true]"));
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.waitForURL(/stage=right/);
  await look("failure-list");

  // Of a stage that ran beside another, its lines alone.
  await page.waitForSelector(".lines[data-lines='200']");
  assert.deepEqual(await page.locator(".log .text", { hasText: "left" }).allInnerTexts(), []);
  await page.waitForSelector(".log .text >> text=/^right 1$/");
  await press(page.locator(".failure"), "button", /^Open at line/);
  await page.waitForURL(/#L\d+$/);
  await page.waitForSelector(".chosen >> text=divided by zero");

  // A stage that never ran has no lines, and not those of others.
  await page.goto(`${page.url().split("?")[0]}?view=graph&stage=ship`);
  await page.getByText("ship has written nothing.").waitFor();
  assert.equal(await page.locator(".log .line").count(), 0);
  await look("failure-no-lines");
  await page.getByRole("log").getByRole("button", { name: "Show the log of all stages" }).press("Enter");
  await page.waitForSelector(".log .line");

  await press(page, "button", "Show stage test");
  await press(page, "button", "Rerun from here");
  await page.waitForURL(/builds\/2/);
  await page.waitForSelector(".story >> text=again, after #1");
  await page.waitForSelector(".head >> text=Failed");

  await press(page.locator(".crumbs a").nth(2));
  await page.waitForSelector("h1 >> text=Trend");
  await page.waitForSelector(".chart li >> nth=1");
  await look("trend");
  // Another one comes by itself.
  await start("broken");
  await page.waitForSelector(".chart li >> nth=2");
  await page.waitForSelector(".figures div:has-text('Finished builds') dd:text-is('3')");
});
