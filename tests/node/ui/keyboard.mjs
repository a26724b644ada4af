// From the list of projects to an approved build of the project `shop`, without a mouse.
import assert from "node:assert/strict";
import { address, signIn, start, story } from "./support.mjs";

await story(async ({ page, look }) => {
  // By Tab, as far as it takes, to what has the focus then.
  const tabTo = async (selector) => {
    for (let pressed = 0; pressed < 100; pressed += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    }
    assert.fail(`the Tab key does not come to ${selector}`);
  };

  await signIn(page);
  await page.waitForSelector("text=shop");
  await page.keyboard.press("?");
  await page.waitForSelector("[role=dialog] >> text=Keyboard shortcuts");
  await look("shortcuts");
  await page.keyboard.press("Escape");
  await page.waitForSelector("[role=dialog]", { state: "detached" });
  await page.keyboard.press("/");
  await page.keyboard.type("shop");
  await page.waitForSelector("#jump-0 >> text=shop");
  await look("jump");
  await page.keyboard.press("Enter");
  await page.waitForURL(/projects\/shop/);
  await page.waitForSelector("button:text-is('Start')");
  await tabTo("section button:not(.quiet)");
  await page.keyboard.press("Enter");
  await page.waitForURL(/builds\/1/);

  await page.waitForSelector("alm-approval >> text=Ship it?");
  await tabTo("alm-approval button");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".head >> text=Succeeded");

  // Along the graph, which is one stop for Tab, and from the stage to its log.
  const isAt = (selector) => page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector);
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await tabTo(".stage");
  assert(await isAt("[aria-label^=build]"));
  await press("ArrowRight");
  assert(await isAt("[aria-label^=ship]"));
  await press("Tab");
  assert(!(await isAt(".graph *")), "one Tab leads out");
  await press("Shift+Tab");
  assert(await isAt("[aria-label^=ship]"), "and back to where one was");
  await press("Home");
  assert(await isAt("[aria-label^=build]"));
  await press("End", "Enter");
  await page.waitForURL(/stage=ship/);
  await page.waitForSelector(".stage-panel >> text=ship");
  await press("ArrowLeft", "Tab");
  assert(!(await isAt(".graph *")));
  await press("Shift+Tab");
  assert(await isAt("[aria-label^=ship]"), "who comes back comes to the chosen stage");

  // The timeline and the list are one stop each, too.
  for (const [key, view, row] of [["2", ".lanes", ".lane"], ["3", ".tree", "tr"]]) {
    await press(key);
    await page.waitForSelector(view);
    await tabTo(`${view} ${row}`);
    assert.match(await page.evaluate(() => document.activeElement.textContent), /ship/);
    await press("ArrowUp");
    assert.match(await page.evaluate(() => document.activeElement.textContent), /build/);
    await press("Tab");
    assert(!(await isAt(`${view} *`)), `one Tab leads out of ${view}`);
    await press("Shift+Tab");
    assert.match(await page.evaluate(() => document.activeElement.textContent), /ship/);
  }
  await press("1");
  await page.waitForSelector(".graph");
  await tabTo(".lines");
  await page.waitForSelector(".log .text >> text=/^shipped$/");

  // Whoever wants no single keys has none.
  await page.keyboard.press("?");
  await page.waitForSelector("[role=dialog]");
  await page.keyboard.press("Space");
  await page.keyboard.press("Escape");
  await page.waitForSelector("[role=dialog]", { state: "detached" });
  await page.keyboard.press("2");
  assert.doesNotMatch(page.url(), /timeline/);

  // What stands for many stages is opened and folded again, and the focus goes with it.
  await start("broad");
  await page.goto(`${address}/ui/projects/broad/main/builds/1?view=graph`);
  await page.waitForSelector(".head >> text=Succeeded");
  await tabTo(".stage");
  await press("ArrowRight");
  assert(await isAt(".stage.many"));
  await press("Enter");
  await page.waitForSelector(".stage:focus[aria-label^='part-1,']");
  await press("ArrowDown", "ArrowDown");
  assert(await isAt("[aria-label^='part-3,']"));
  await look("unfolded");
  await press("Shift+Tab");
  assert(await isAt(".says button"));
  await press("Enter");
  await page.waitForSelector(".stage.many:focus");
  await press("End");
  assert(await isAt("[aria-label^=last]"));
});
