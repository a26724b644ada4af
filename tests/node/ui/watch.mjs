// Watches a log as it is written (project `stream`), searches in it, and opens one that would like to do harm (project `hostile`).
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { approve, signIn, start, story } from "./support.mjs";

await story(async ({ page, look }) => {
  await start("stream");
  await signIn(page, "/ui/projects/stream/main/builds/1");
  const rows = page.locator(".log .line");
  const text = (line) => page.locator(".log .text", { hasText: new RegExp(`^${line}$`) });

  // The end is followed until the reader moves up; then nothing moves but the count of what is new.
  await text("line 3000").waitFor();
  await page.focus(".lines");
  await page.keyboard.press("PageUp");
  await page.waitForSelector(".latest");
  const top = await rows.first().getAttribute("id");
  await approve("stream");
  await page.waitForSelector(".latest:has-text('(+')");
  await page.waitForSelector(".head >> text=Succeeded");
  assert.equal(await rows.first().getAttribute("id"), top);
  await page.click(".latest");
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
  await page.fill("#find", "^line 29\\d\\d$");
  await page.waitForSelector(".count:text-is('None')");
  await page.click("button[aria-label='Expression']");
  await page.waitForSelector(".count:has-text('of 100')");
  const first = await page.locator(".log .now").getAttribute("id");
  await page.press("#find", "Enter");
  await page.waitForFunction((id) => document.querySelector(".log .now")?.id > id, first);
  await page.press("#find", "Shift+Enter");
  await page.waitForFunction((id) => document.querySelector(".log .now")?.id === id, first);
  // It stands where it is said, between its neighbours.
  const tops = await page.locator(".log .line").evaluateAll((all) =>
    all.filter((row) => row.id.startsWith("L")).map((row) => [Number(row.id.slice(1)), row.getBoundingClientRect().top]),
  );
  tops.sort(([one], [other]) => one - other);
  assert(tops.every(([, top], at) => at === 0 || top > tops[at - 1][1]), JSON.stringify(tops));
  await look("log-search");
  await page.fill("#find", "(");
  await page.waitForSelector("#find-trouble");
  await page.fill("#find", "");

  // Lines have addresses, and so have ranges.
  await page.focus(".lines");
  await page.keyboard.press("Home");
  await page.click("#L5 .number");
  await page.click("#L8 .number", { modifiers: ["Shift"] });
  await page.waitForURL(/#L5-L8$/);
  await page.goto("about:blank");
  await page.goBack();
  await page.waitForSelector("#L8.chosen");
  assert.equal(await page.locator(".log .chosen").count(), 4);
  for (const name of ["Times", "Wrap"]) await page.click(`.tools button:text-is('${name}')`);
  await page.waitForSelector("#L8 .at");
  await look("log-range");
  await page.focus(".lines");
  await page.keyboard.press("z");
  await page.waitForSelector(".log.full");
  await look("log-full");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".log:not(.full)");
  for (const name of ["Times", "Wrap"]) await page.click(`.tools button:text-is('${name}')`);
  await page.click(".tools button:text-is('Download')");
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("button:text-is('Plain text')")]);
  assert.equal(file.suggestedFilename(), "stream-main-1.log");
  const downloaded = (await readFile(await file.path(), "utf8")).split("\n");
  assert.equal(downloaded.filter((line) => /^(line|more) \d+$/.test(line)).length, 3500);

  // Whatever is written is text.
  await start("hostile");
  await page.goto(page.url().replace(/stream.*/, "hostile/main/builds/1"));
  await text("the last line").waitFor();
  await page.focus(".lines");
  await page.keyboard.press("Home");
  await page.locator(".log .text", { hasText: "<script>" }).waitFor();
  await page.locator(".log .rest").first().waitFor();
  assert(!(await page.title()).includes("taken over"));
  assert.equal(await page.locator(".log script, .log img, .log a:not(.number)").count(), 0);
  const longest = await page.locator(".log .text").evaluateAll((all) => Math.max(...all.map((one) => one.textContent.length)));
  assert(longest < 3000, `a line of ${longest} characters is in the page`);
  await look("log-hostile");
});
