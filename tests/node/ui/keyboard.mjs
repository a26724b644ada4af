// From the list of projects to an approved build of the project `shop`, without a mouse.
import assert from "node:assert/strict";
import { signIn, story } from "./support.mjs";

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

  // Along the graph, and from the stage to its log.
  await tabTo(".stage");
  await page.keyboard.press("ArrowRight");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /ship/);
  await page.keyboard.press("Enter");
  await page.waitForURL(/stage=ship/);
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
});
