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
  await page.getByRole("button", { name: "Start Main", exact: true }).waitFor();
  await tabTo("section button:not(.quiet)");
  await page.keyboard.press("Enter");
  await page.waitForURL(/builds\/1/);

  await page.waitForSelector("alm-approval >> text=Ship it?");
  await tabTo("alm-approval button");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".head >> text=Succeeded");

  // The focus is at this, which is where a Tab begins.
  const isAt = (selector) => page.waitForSelector(`${selector}[tabindex="0"]:focus`);
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  // One Tab leads out of these, and back to the one that is to be come back to.
  const outAndBack = async (all, back) => {
    await press("Tab");
    await page.waitForFunction((inside) => !document.activeElement.closest(inside), all);
    await page.waitForSelector(`${all} ${back}[tabindex="0"]`);
    await press("Shift+Tab");
    await isAt(back);
  };

  // Along the graph, which is one stop for Tab, and from the stage to its log.
  const [build, ship] = [".stage[aria-label^=build]", ".stage[aria-label^=ship]"];
  await tabTo(".stage");
  await isAt(build);
  await press("ArrowRight");
  await isAt(ship);
  await outAndBack(".graph", ship);
  await press("Home");
  await isAt(build);
  await press("End");
  await isAt(ship);
  await press("Enter");
  await page.waitForURL(/stage=ship/);
  await page.waitForSelector(".stage-panel >> text=ship");
  await press("ArrowLeft");
  await isAt(build);
  // Who comes back comes to the chosen stage.
  await outAndBack(".graph", ship);

  // The timeline and the list are one stop each, too.
  for (const [key, view, row] of [["2", ".lanes", ".lane"], ["3", ".tree", "tr"]]) {
    await press(key);
    await page.waitForSelector(`${view} ${row}:has-text("ship")[tabindex="0"]`);
    await tabTo(`${view} ${row}`);
    await isAt(`${row}:has-text("ship")`);
    await press("ArrowUp");
    await isAt(`${row}:has-text("build")`);
    await outAndBack(view, `${row}:has-text("ship")`);
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
  await isAt(".stage.many");
  await press("Enter");
  await isAt(".stage[aria-label^='part-1,']");
  await press("ArrowDown", "ArrowDown");
  await isAt(".stage[aria-label^='part-3,']");
  await look("unfolded");
  await press("Shift+Tab");
  await page.waitForSelector(".says button:focus");
  await press("Enter");
  await isAt(".stage.many");
  await press("End");
  await isAt(".stage[aria-label^=last]");
});
