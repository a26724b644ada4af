// GraphiQL in a real Chromium against ADDRESS with TOKEN: the token leaves the address, queries and subscriptions run, the
// schema is there to read, and the content policy is not broken. A third argument is where to put screenshots.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [address, token, screenshots] = process.argv.slice(2);
const profile = await mkdtemp(join(tmpdir(), "alm-chromium-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  viewport: { width: 1400, height: 900 },
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const shot = async (page, name) => screenshots && page.screenshot({ path: join(screenshots, `${name}.png`) });

try {
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  const trouble = [];
  page.on("console", (message) => message.type() === "error" && trouble.push(message.text()));
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.protocol !== "blob:" && url.host !== new URL(address).host) trouble.push(`asks ${url}`);
  });

  // A wrong token by hand, then the right one in the address.
  await page.goto(`${address}/graphiql`);
  await page.fill("#token", "a-wrong-token-of-some-length");
  await page.click("button[type=submit]");
  await page.waitForSelector("text=This token is not valid");
  await page.waitForSelector("text=The server prints it");
  await shot(page, "sign-in");
  assert.equal(trouble.filter((line) => !line.includes("401")).length, 0, trouble.join("\n"));
  trouble.length = 0;
  await page.goto(`${address}/start#token=${token}`);
  await page.waitForSelector("text=You are signed in as Tess");
  assert.equal(page.url(), `${address}/start`);
  await shot(page, "start");
  await page.click("a[href='/graphiql']");
  await page.waitForSelector(".graphiql-query-editor .view-lines");
  assert.ok(!(await page.content()).includes(token));
  await page.waitForSelector(".graphiql-tabs >> text=Overview");
  await shot(page, "examples");

  // Runs a document with one operation of this name, and waits until the reply shows all of these.
  const run = async (name, document, ...expected) => {
    await page.locator(".graphiql-query-editor .view-lines").click();
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText(document);
    // The editor tells the name a moment later; until then the operation before would be asked for.
    await page.waitForSelector(`.graphiql-tab-active >> text="${name}"`);
    await page.click(".graphiql-execute-button");
    for (const text of expected) {
      await page.waitForFunction(
        (text) => document.querySelector(".graphiql-response .view-lines")?.innerText.replaceAll("\u00a0", " ").includes(text),
        text,
      );
    }
  };
  await run("Greeting", "query Greeting { hello }", '"hello": "Hello, world"');
  await shot(page, "query");
  await run("Count", "subscription Count { count(to: 3) }", '"count": 3');
  await run("Ticks", "subscription Ticks { ticks(pause: 100) }", '"ticks": 5');
  await shot(page, "subscription");
  await page.click(".graphiql-execute-button");

  await page.click("button[aria-label='Show Documentation Explorer']");
  await page.waitForSelector(".graphiql-doc-explorer >> text=Subscription");
  await shot(page, "docs");
  await page.click("text=Sign out");
  await page.waitForSelector("text=Sign in to GraphiQL");
  assert.deepEqual(trouble, []);
  console.log("content");
} finally {
  await browser.close();
  await rm(profile, { recursive: true, force: true });
}
