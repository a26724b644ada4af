// Watches a log as it is written (project `stream`), searches in it, and opens one that would like to do harm (project `hostile`). With
// the keyboard alone.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { address, approve, press, reach, signIn, start, story, write } from "./support.mjs";

await story(async ({ page, context, look }) => {
  await start("stream");
  await signIn(page, "/ui/projects/stream/main/builds/1");
  const rows = page.locator(".log .line");
  const text = (line) => page.locator(".log .text", { hasText: new RegExp(`^${line}$`) });

  // The end is followed until the reader moves up; then nothing moves but the count of what is new.
  await text("line 3000").waitFor();
  await reach(page.locator(".lines"));
  await page.keyboard.press("PageUp");
  await page.waitForSelector(".latest");
  const top = await rows.first().getAttribute("id");
  await approve("stream");
  await page.waitForSelector(".latest:has-text('(+')");
  await page.waitForSelector(".head >> text=Succeeded");
  assert.equal(await rows.first().getAttribute("id"), top);
  await press(page, "button", /^Jump to latest/);
  await text("more 500").waitFor();
  await page.waitForSelector(".latest", { state: "detached" });
  await page.keyboard.press("Home");
  await text("line 1").waitFor();
  assert(await rows.count() <= 200);

  // The search is the server's: of all lines, as text and as an expression.
  await page.keyboard.press("s");
  await page.keyboard.type("line 2999");
  await page.waitForSelector(".count:text-is('1 of 1')");
  assert.equal(await page.locator(".log mark").innerText(), "line 2999");
  await write(page.locator("#find"), "^line 29\\d\\d$");
  await page.waitForSelector(".count:text-is('None')");
  await press(page, "button", "Expression");
  await page.waitForSelector(".count:has-text('of 100')");
  const first = await page.locator(".log .now").getAttribute("id");
  await reach(page.locator("#find"));
  await page.keyboard.press("Enter");
  await page.waitForFunction((id) => document.querySelector(".log .now")?.id > id, first);
  await page.keyboard.press("Shift+Enter");
  await page.waitForFunction((id) => document.querySelector(".log .now")?.id === id, first);
  // It stands where it is said, between its neighbours.
  const tops = await page.locator(".log .line").evaluateAll((all) =>
    all.filter((row) => row.id.startsWith("L")).map((row) => [Number(row.id.slice(1)), row.getBoundingClientRect().top]),
  );
  tops.sort(([one], [other]) => one - other);
  assert(tops.every(([, top], at) => at === 0 || top > tops[at - 1][1]), JSON.stringify(tops));
  await look("log-search");
  await write(page.locator("#find"), "(");
  await page.waitForSelector("#find-trouble");
  await write(page.locator("#find"), "");

  // Lines have addresses, and so have ranges.
  await reach(page.locator(".lines"));
  await page.keyboard.press("Home");
  await text("line 1").waitFor();
  for (const key of ["j", "j", "j", "j", "j", "j", "k", "Shift+J", "Shift+J", "Shift+J"]) await page.keyboard.press(key);
  await page.waitForURL(/#L5-L8$/);
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: address });
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await press(page, "button", "Copy text");
  await page.getByText("Copied.", { exact: true }).waitFor();
  assert.equal(await clipboard(), "line 3\nline 4\nline 5\nline 6");
  await press(page, "button", "Copy link");
  await page.getByText("The link is copied.").waitFor();
  assert.equal(await clipboard(), page.url());
  await page.goto("about:blank");
  await page.goBack();
  await page.waitForSelector("#L8.chosen");
  assert.equal(await page.locator(".log .chosen").count(), 4);
  for (const name of ["Times", "Wrap"]) await press(page, "button", name);
  await page.waitForSelector("#L8 .at");
  await look("log-range");
  await reach(page.locator(".lines"));
  await page.keyboard.press("z");
  await page.waitForSelector(".log.full");
  await look("log-full");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".log:not(.full)");
  for (const name of ["Times", "Wrap"]) await press(page, "button", name);
  await press(page, "button", "Download");
  const [file] = await Promise.all([page.waitForEvent("download"), press(page, "button", "Plain text")]);
  assert.equal(file.suggestedFilename(), "stream-main-1.log");
  const downloaded = (await readFile(await file.path(), "utf8")).split("\n");
  assert.equal(downloaded.filter((line) => /^(line|more) \d+$/.test(line)).length, 3500);

  // Whatever is written is text.
  await start("hostile");
  await page.goto(page.url().replace(/stream.*/, "hostile/main/builds/1"));
  await text("the last line").waitFor();
  await reach(page.locator(".lines"));
  await page.keyboard.press("Home");
  await page.locator(".log .text", { hasText: "<script>" }).waitFor();
  await page.locator(".log .rest").first().waitFor();
  assert(!(await page.title()).includes("taken over"));
  assert.equal(await page.locator(".log script, .log img, .log a:not(.number)").count(), 0);
  const longest = await page.locator(".log .text").evaluateAll((all) => Math.max(...all.map((one) => one.textContent.length)));
  assert(longest < 3000, `a line of ${longest} characters is in the page`);
  await look("log-hostile");
});
