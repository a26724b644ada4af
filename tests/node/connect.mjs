// Connects an account in a real Chromium, as a person does: signed in at ADDRESS with TOKEN, sent to URL, NAME says who he is and
// allows it, and comes back to the page that he began on. Nothing secret may be left in the address, the history or the storage.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [address, token, url, name] = process.argv.slice(2);
const profile = await mkdtemp(join(tmpdir(), "alm-chromium-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

try {
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  const trouble = [];
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("console", (message) => /content security policy/i.test(message.text()) && trouble.push(message.text()));
  // What was sent where: the code goes to our own server, in the body of one request, and nowhere else.
  const sent = [];
  page.on("request", (request) => sent.push({ url: request.url(), body: request.postData() ?? "", referer: request.headers().referer }));

  await page.goto(`${address}/start#token=${token}`);
  await page.waitForSelector("text=You are signed in");
  await page.goto(url);
  const pages = [];
  while (new URL(page.url()).host !== new URL(address).host) {
    const title = await page.title();
    pages.push(title);
    if (await page.$("input[name=user]")) await page.fill("input[name=user]", name);
    await Promise.all([page.waitForNavigation(), page.click("button[value=yes]")]);
  }
  await page.waitForURL((here) => here.pathname !== "/oauth/callback");
  assert.deepEqual(pages, ["Who are you?", "Do you agree?"]);

  const callback = sent.find((request) => new URL(request.url).pathname.startsWith("/oauth/callback"));
  const { searchParams } = new URL(callback.url);
  const [code, state] = [searchParams.get("code"), searchParams.get("state")];
  assert(code && state, callback.url);
  const holding = sent.filter((request) => request.url.includes(code) || request.body.includes(code) || request.referer?.includes(code));
  assert.deepEqual(holding.map((request) => new URL(request.url).pathname).filter((path) => path !== "/graphql"), [new URL(callback.url).pathname]);
  assert.equal(holding.filter((request) => request.url.endsWith("/graphql")).length, 1, "the code is told once");
  const left = await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage, address: location.href, cookie: document.cookie }));
  assert(!left.includes(code) && !left.includes(state), left);
  await page.goBack();
  assert(!page.url().includes(code), "the history knows the code");
  assert.deepEqual(trouble, []);
  console.log(JSON.stringify({ pages }));
} finally {
  await browser.close();
  await rm(profile, { recursive: true, force: true });
}
