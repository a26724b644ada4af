// Starting a build of `shop/main`, whose pipeline takes parameters; and one of `plain/main`, which takes none. With the keyboard alone.
import assert from "node:assert/strict";
import { address, ask, pick, press, reach, signIn, story, tick, write } from "./support.mjs";

await story(async ({ page, look }) => {
  await signIn(page, "/ui/projects/shop");
  await press(page, "button", "Start Main");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await page.waitForSelector("h2:text('Start Main')");
  // The fields are those of the pipeline, at their defaults.
  assert.equal(await dialog.getByLabel("Greeting").inputValue(), "hello");
  assert.equal(await dialog.getByLabel("Target").inputValue(), "");
  assert.equal(await dialog.getByLabel("Verbose").isChecked(), true);
  assert.equal(await dialog.getByLabel("Times").inputValue(), "2");
  await look("start-with-parameters");

  // What is missing is told at its field, before anything is sent.
  await write(dialog.getByLabel("Times"), "many");
  await press(dialog, "button", "Start");
  await page.waitForSelector(".field.wrong:has-text('Target') [role=alert]");
  await page.waitForSelector(".field.wrong:has-text('Times') [role=alert]");
  await look("start-refused");
  await write(dialog.getByLabel("Times"), "3");

  // What only the server knows is told at its field too.
  await write(dialog.getByLabel("Branch, tag or commit"), "a b");
  await pick(dialog.getByLabel("Target"), "staging");
  await press(dialog, "button", "Start");
  await page.waitForSelector(".field.wrong:has-text('Branch') [role=alert]");

  // Esc changes nothing, and the focus is back where it was.
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.locator("button:focus", { hasText: /^\s*Start Main\s*$/ }).waitFor();
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  await write(dialog.getByLabel("Greeting"), "good morning");
  await pick(dialog.getByLabel("Target"), "production");
  await tick(dialog.getByLabel("Verbose"), false);
  await reach(dialog.getByLabel("Times"));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/ui\/projects\/shop\/main\/builds\/1$/);
  await page.waitForSelector(".lines >> text=good morning, production, false, 2");
  const { build } = await ask(`{ build(by: { address: { project: "shop", service: "main", number: 1 } }) { parameters { name value } } }`);
  assert.deepEqual(build.parameters, [
    { name: "GREETING", value: "good morning" },
    { name: "TARGET", value: "production" },
    { name: "VERBOSE", value: false },
    { name: "TIMES", value: 2 },
  ]);
  assert(!(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).includes("good morning"));

  // Where there is nothing to ask, Start is one click.
  await page.goto(`${address}/ui/projects/plain`);
  await press(page, "button", "Start Main");
  await page.waitForURL(/\/ui\/projects\/plain\/main\/builds\/1$/);
  // Another branch can be asked for all the same.
  await page.goto(`${address}/ui/projects/plain`);
  await press(page, "button", "Start Main with…");
  await write(dialog.getByLabel("Branch, tag or commit"), "no-such-branch");
  await page.keyboard.press("Tab");
  await page.waitForSelector("text=The pipeline cannot be read there");
  await look("start-unreadable");
});
