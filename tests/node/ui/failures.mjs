// In a pipeline that is larger than its picture, the project `wide`, two stages fail far from its beginning: the picture begins there,
// and keys and buttons lead to each of them.
import assert from "node:assert/strict";
import { signIn, start, story } from "./support.mjs";

await story(async ({ page, look }) => {
  await start("wide");
  await signIn(page, "/ui/projects/wide/main/builds/1");
  await page.waitForSelector(".head >> text=Failed");
  await page.reload();
  await page.waitForSelector(".failure >> text=no such case");
  assert.deepEqual(await page.locator(".failure .others button").allInnerTexts(), ["second-9"]);

  // Whether the box of a stage is within the picture, and the picture that far within the window.
  const isSeen = (stage) => page.locator(`.stage:has-text("${stage}")`).evaluate((box) => {
    const { top, bottom, left, right } = box.getBoundingClientRect();
    const view = box.closest(".graph").getBoundingClientRect();
    const isInside = top >= view.top && bottom <= view.bottom && left >= view.left && right <= view.right;
    return { isInside, isOnScreen: top >= 0 && bottom <= innerHeight };
  });
  const both = { isInside: true, isOnScreen: true };
  const focused = () => page.evaluate(() => document.activeElement.querySelector(".name")?.textContent);
  assert.equal((await isSeen("first-10")).isInside, true);
  assert.equal((await isSeen("prepare")).isInside, false, "the picture is larger than its frame");
  assert.equal(await page.evaluate(() => scrollY), 0, "the page begins where it begins");
  assert.equal(await page.locator(".excerpt").evaluate((one) => one.clientHeight % 24), 0, "no line is cut");
  await look("failures");

  await page.setViewportSize({ width: 1280, height: 600 });
  for (const stage of ["first-10", "second-9", "first-10"]) {
    await page.keyboard.press("]");
    await page.waitForSelector(`.stage.chosen:focus:has-text("${stage}")`);
    assert.deepEqual(await isSeen(stage), both, stage);
    assert.equal(await focused(), stage);
  }
  // What is chosen already is not given up by being led to.
  await page.evaluate(() => scrollTo(0, 0));
  await page.click(".failure button:has-text('Show stage first-10')");
  await page.waitForFunction(() => scrollY > 0);
  assert.deepEqual(await isSeen("first-10"), both);
  await page.click(".failure .others button");
  await page.waitForURL(/second-9/);
  await page.waitForSelector('.stage.chosen:focus:has-text("second-9")');
  assert.deepEqual(await isSeen("second-9"), both);

  // The same in the other views.
  for (const [key, row] of [["2", ".lane[aria-pressed=true]:focus"], ["3", "tr[aria-selected=true]:focus"]]) {
    await page.keyboard.press(key);
    await page.keyboard.press("]");
    await page.waitForSelector(`${row}:has-text("${key === "2" ? "first-10" : "second-9"}")`);
  }
});
