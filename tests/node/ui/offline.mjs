// The server is killed while a build of the project `long` runs, and started again when the page has said since when it is offline:
// without a reload the page then has caught up with what the build did meanwhile, and a page beside it shows what was asked for while
// nothing could be loaded. More arguments: a file; what stands in it is the
// server's state that the story wants, "gone" or "back".
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { address, more, signIn, start, story } from "./support.mjs";

const [wishes] = more;
const LAST = 1_200;

await story(async ({ page, trouble, look }) => {
  await start("long");
  await signIn(page, "/ui/projects/long/main/builds/1");
  await page.waitForSelector(".pill[data-state=live] >> text=Live");
  await page.waitForSelector(".log .text >> text=/^count \\d+$/");
  await page.evaluate(() => (window.isTheSame = true));
  // Whoever opens a tab beside is signed in there too.
  const beside = await page.context().newPage();
  await beside.goto(`${address}/ui/`);
  await beside.waitForSelector("h1 >> text=Projects");

  const before = new Date();
  await writeFile(wishes, "gone");
  await page.waitForSelector(".pill[data-state=reconnecting] >> text=Reconnecting");
  // What was known stays on the screen.
  await page.waitForSelector(".head >> text=Running");
  const said = await page.locator(".pill[data-state=offline]").innerText();
  const minutes = [before, new Date()].map((at) => at.toLocaleTimeString("en-US", { hour: "2-digit", minute: "2-digit" }));
  assert(minutes.some((minute) => said === `Offline since ${minute}`), `${said}, not one of ${minutes}`);
  await page.waitForSelector(".head >> text=Running");
  await page.waitForSelector(".log .text >> text=/^count \\d+$/");
  await look("offline");
  await beside.click("nav >> text=Providers");
  await beside.waitForSelector("text=It opens as soon as the server is there");

  await writeFile(wishes, "back");
  await page.waitForSelector(".pill[data-state=live] >> text=Live");
  await page.waitForSelector(".head >> text=Succeeded");
  await page.waitForSelector(`.log .text >> text=/^count ${LAST}$/`);
  const lines = Number(await page.getAttribute(".lines", "data-lines"));
  assert(lines >= LAST && lines < 1.5 * LAST, `${lines} lines`);
  assert.equal(await page.evaluate(() => window.isTheSame), true, "the page was not loaded again");
  await beside.waitForSelector("h1 >> text=Providers");
  trouble.length = 0; // the browser tells of each connection that was refused
});
