// A person signs in, starts a build of the project `shop`, watches it, approves, and finds the failure of the project `broken`.
import assert from "node:assert/strict";
import { address, story, token } from "./support.mjs";

await story(async ({ page, trouble, look }) => {
  await page.goto(`${address}/ui`);
  await page.waitForSelector("h1:text('Sign in')");
  await look("sign-in");
  await page.fill("#token", "not the token");
  await page.click("button:text('Use it')");
  await page.waitForSelector("[role=alert]:text('not valid')");
  trouble.length = 0; // the browser tells of the 401 too

  await page.goto(`${address}/#token=${token}`);
  await page.waitForSelector("h1:text('Projects')");
  await page.waitForSelector("h2:has-text('shop')");
  await look("projects");

  await page.click("h2 >> text=shop");
  await page.waitForSelector(".pill[data-state=live]");
  await look("project");
  await page.getByRole("button", { name: "Start Main", exact: true }).click();
  await page.waitForURL(/\/ui\/projects\/shop\/main\/builds\/1$/);

  // What happens is seen without a reload.
  await page.waitForSelector(".stage >> text=ship");
  await page.waitForSelector("alm-approval >> text=Ship it?");
  await look("build-waiting");
  await page.waitForSelector(".lines >> text=/^line 300$/");
  assert.equal(await page.locator(".lines .fg-1").innerText(), "red");
  assert(!(await page.title()).includes("taken over"), "a log must be inert");
  await page.focus(".stage:has-text('build')");
  await page.keyboard.press("ArrowRight");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /ship/);
  // The question stands at its stage too, with what is typed of the answer.
  await page.keyboard.press("Enter");
  await page.waitForURL(/stage=ship/);
  const question = page.locator(".stage-panel alm-approval");
  await question.getByText("Ship it?").waitFor();
  await look("build-stage-waiting");
  await page.getByLabel("Why (optional)").first().fill("Everybody waits for it");
  assert.equal(await question.getByLabel("Why (optional)").inputValue(), "Everybody waits for it");
  await question.getByRole("button").first().press("Enter");
  await page.waitForSelector(".head >> text=Succeeded");
  await page.waitForSelector("alm-answers >> text=Everybody waits for it", { state: "attached" });
  await page.waitForSelector(".lines >> text=shipped");
  assert.match(await page.title(), /Succeeded/);
  await page.waitForSelector("alm-approval", { state: "detached" });

  // One selection, in the address: the stage's lines alone.
  await page.waitForSelector(".lines >> text=/^line 300$/", { state: "detached" });
  await page.click("button:text-is('List')");
  await page.waitForSelector("alm-stage-list >> text=ship");
  await look("build-list");

  // A permalink opens at its line.
  await page.goto(`${address}/ui/projects/shop/main/builds/1#L7`);
  await page.reload();
  await page.waitForSelector("#L7");

  await page.goto(`${address}/ui/projects/broken`);
  await page.getByRole("button", { name: "Start Main", exact: true }).click();
  await page.waitForSelector(".failure >> text=divided by zero");
  await page.waitForSelector(".head >> text=Failed");
  await look("build-failed");
  await page.click("button:text-is('Rerun')");
  await page.waitForURL(/\/builds\/2$/);

  await page.goto(`${address}/ui/projects/nothing`);
  await page.waitForSelector("text=is not here");
  await look("missing");
  await page.click("button.account");
  await page.click("button:text-is('Sign out')");
  await page.waitForSelector("h1:text('Sign in')");
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});
