// Somebody reads far down a list of builds: older ones come, new ones wait above until they are wanted, and who opens one finds the place
// again.
import assert from "node:assert/strict";
import { signIn, start, story } from "./support.mjs";

const PAGE = 50;
for (let count = 0; count < PAGE + 5; count += 1) await start("busy");

await story(async ({ page, look }) => {
  const rows = page.locator(".builds > li");
  const isSeen = (name) =>
    page.waitForFunction((words) => {
      const row = [...document.querySelectorAll(".builds .name")].find((one) => one.textContent.trim() === words);
      const { top, bottom } = row?.getBoundingClientRect() ?? { top: -1, bottom: -1 };
      return top >= 0 && bottom <= innerHeight;
    }, name);

  await signIn(page, "/ui/projects/busy");
  await rows.nth(PAGE - 1).waitFor();
  await page.getByRole("button", { name: "Older builds" }).press("Enter");
  await rows.nth(PAGE + 4).waitFor();
  await page.getByRole("button", { name: "Older builds" }).waitFor({ state: "detached" });

  await rows.last().scrollIntoViewIfNeeded();
  await isSeen("Main #1");
  await start("busy");
  const fresh = page.getByRole("button", { name: "1 new build" });
  await fresh.waitFor();
  assert.equal(await rows.count(), PAGE + 5, "a new build waits");
  await isSeen("Main #1");
  await fresh.press("Enter");
  await isSeen(`Main #${PAGE + 6}`);
  assert.equal(await rows.count(), PAGE + 6);
  assert(await page.evaluate(() => document.activeElement?.matches("ul.builds")), "the list has the focus of the button that is gone");
  await look("builds-many");

  await rows.last().scrollIntoViewIfNeeded();
  await rows.last().getByRole("link").press("Enter");
  await page.waitForURL(/\/main\/builds\/1$/);
  await page.waitForSelector("h1:has-text('Main #1')");
  await page.goBack();
  await rows.nth(PAGE + 5).waitFor();
  await isSeen("Main #1");
});
