// A build of the project `broken` fails. The list of projects says why its verdict is bad; a click opens that build; and the list is
// narrowed to the projects with a verdict, by the address too.
import assert from "node:assert/strict";
import { address, signIn, start, story } from "./support.mjs";

await story(async ({ page, look }) => {
  await signIn(page);
  const cards = page.locator("alm-project-card h2");
  await cards.nth(1).waitFor();
  await start("broken");
  // It is told without a reload.
  const reason = page.locator("alm-project-card", { hasText: "broken" }).getByRole("link", { name: "main #1 failed" });
  await reason.waitFor();
  await look("projects-failing");

  await page.getByLabel("Verdict").selectOption("Failing");
  await page.waitForURL(/\?health=failing$/);
  await page.waitForSelector("text=1 project");
  assert.deepEqual(await cards.allInnerTexts(), ["broken"]);
  await reason.focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/ui\/projects\/broken\/main\/builds\/1$/);
  await page.waitForSelector(".failure >> text=divided by zero");
  await page.goBack();
  await page.waitForSelector("text=1 project");

  await page.goto(`${address}/ui?health=healthy`);
  await page.waitForSelector("text=No project is like this now");
  await look("projects-none-like-this");
  await page.click("button:text-is('Show all')");
  await page.waitForSelector("text=2 projects");

  // A slash at the end names the same screen.
  await page.goto(`${address}/ui/`);
  await page.waitForSelector("text=2 projects");
  await page.goto(`${address}/ui/projects/broken/`);
  await page.waitForSelector(".builds >> text=Failed");
});
