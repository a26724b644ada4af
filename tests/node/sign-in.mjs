// Signs in at an issuer in a real Chromium, as people do: CHAPTERS of the story, at ADDRESS; CONTROL gives the issuer commands behind
// its back. A fourth argument is where to put screenshots.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [address, control, chapters, screenshots] = process.argv.slice(2);
const issuer = new URL(control).origin;
const callback = `${address}/sign-in/callback`;
const home = `${address}/start`;
const profile = await mkdtemp(join(tmpdir(), "alm-chromium-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  viewport: { width: 1200, height: 800 },
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage();
page.setDefaultTimeout(120_000);

const trouble = [];
// That a stream has been closed is told by GraphiQL in this way, too.
page.on("pageerror", (error) => /closed with event 4403/.test(error) || trouble.push(String(error)));
page.on("console", (message) => /content security policy/i.test(message.text()) && trouble.push(message.text()));
const sent = [];
page.on("request", (request) => sent.push({ url: request.url(), body: request.postData() ?? "", referer: request.headers().referer ?? "" }));

const command = async (name, input = {}) => {
  const reply = await fetch(`${control}/${name}`, { method: "POST", body: JSON.stringify(input) });
  assert(reply.ok, `${name}: ${reply.status}`);
  return reply.json();
};
const shot = (name) => screenshots && page.screenshot({ path: join(screenshots, `sign-in-${name}.png`) });
const says = (text) => page.waitForSelector(`text=${text}`);
const stored = () => page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage, cookie: document.cookie }));
const token = () => page.evaluate(() => sessionStorage.getItem("alm.token"));
const button = () => page.getByRole("button", { name: `Sign in at ${new URL(issuer).host}` });
const redeemed = async () => (await command("counters")).token ?? 0;

/** Every address that the tab can go back to. */
const history = async () => {
  const devtools = await browser.newCDPSession(page);
  const { entries } = await devtools.send("Page.getNavigationHistory");
  return entries.map(({ url, userTypedURL }) => `${url} ${userTypedURL}`);
};

/** Says who one is, and agrees, on the pages of the issuer, until they lead back. */
const agree = async (name) => {
  while (new URL(page.url()).origin === issuer) {
    if (await page.$("input[name=user]")) await page.fill("input[name=user]", name);
    await Promise.all([page.waitForNavigation(), page.click("button[value=yes]")]);
  }
};

const signIn = async (name) => {
  await button().click();
  await page.waitForURL(`${issuer}/**`);
  await agree(name);
};

/** Runs a document with one operation of this name, a new one, in GraphiQL. */
const ask = async (name, document) => {
  await page.locator(".graphiql-query-editor .view-lines").click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(document);
  await page.waitForSelector(`.graphiql-tab-active >> text="${name}"`);
  await page.click(".graphiql-execute-button");
};

/** The same, and waits until the reply shows this. */
const run = async (name, document, expected) => {
  await ask(name, document);
  await page.waitForFunction(
    (text) => document.querySelector(".graphiql-response .view-lines")?.innerText.replaceAll("\u00a0", " ").includes(text),
    expected,
  );
};

/** Waits until GraphiQL is there, with the document that this stands in: what is typed before is lost. */
const edits = (text) => page.waitForSelector(`.graphiql-query-editor .view-lines >> text=${text}`);

/** Begins to sign in, and is stopped before the issuer sees it: what it would have been asked. */
const begun = async () => {
  await page.goto(home);
  await page.route(`${issuer}/auth?**`, (route) => route.fulfill({ contentType: "text/html", body: "<title>Stopped</title>" }), { times: 1 });
  await button().click();
  await page.waitForURL(`${issuer}/auth?**`);
  return new URL(page.url()).searchParams;
};

/** Comes back with this answer, which must be refused with these words: nothing is redeemed and nobody signed in. */
const comesBack = async (answer, words) => {
  const before = await redeemed();
  await page.goto(`${callback}?${new URLSearchParams(answer)}`);
  await says(words);
  assert.equal(page.url(), callback);
  assert.equal(await redeemed(), before, `${words}: a code was redeemed`);
  assert.equal(await stored(), JSON.stringify({ cookie: "" }));
};

const story = {
  // From the start page to the issuer and back: the code and the verifier go where they must, once, and stay nowhere.
  async arrive() {
    await page.goto(home);
    await says("You are not signed in.");
    await button().waitFor();
    await shot("start");
    await signIn("mia");
    await says("You are signed in as mia, in this tab.");
    await shot("signed-in");
    assert.equal(page.url(), home);
    const asked = new URL(sent.find(({ url }) => url.startsWith(`${issuer}/auth?`)).url).searchParams;
    assert.equal(asked.get("code_challenge_method"), "S256");
    const returned = new URL(sent.find(({ url }) => url.startsWith(callback)).url).searchParams;
    const [code, state] = [returned.get("code"), returned.get("state")];
    assert(code && state === asked.get("state") && returned.get("iss") === issuer);
    const redeeming = sent.filter(({ url }) => url === `${issuer}/token`);
    assert.equal(redeeming.length, 1);
    const verifier = new URLSearchParams(redeeming[0].body).get("code_verifier");
    assert(verifier.length >= 43 && new URLSearchParams(redeeming[0].body).get("code") === code);
    const holding = (secret) => sent.filter((request) => Object.values(request).some((text) => text.includes(secret)));
    assert.deepEqual(holding(code).map(({ url }) => url.split("?")[0]), [callback, `${issuer}/token`]);
    assert.deepEqual(holding(verifier).map(({ url }) => url), [`${issuer}/token`]);
    assert.deepEqual(sent.filter(({ url, referer }) => url.startsWith(issuer) && referer.includes(address) && referer !== home), []);
    const kept = JSON.parse(await stored());
    assert.deepEqual(Object.keys(kept).sort(), ["alm.token", "cookie"]);
    assert(!JSON.stringify(kept).includes(code) && !JSON.stringify(kept).includes(state));
    const secrets = [code, verifier, kept["alm.token"]];
    assert.deepEqual((await history()).filter((entry) => secrets.some((secret) => entry.includes(secret))), []);
    assert.equal(await page.evaluate(() => localStorage.length), 0);
  },

  // GraphiQL answers as this person, with queries and with streams.
  async work() {
    await page.click("a[href='/graphiql']");
    await edits("Overview");
    await run("Me", "query Me { viewer { isAdmin user { login } } }", '"login": "mia"');
    await run("Mine", "subscription Mine { viewerUpdates { __typename ... on ViewerSnapshot { viewer { user { login } } } } }", '"login": "mia"');
    await shot("graphiql");
    await page.click(".graphiql-execute-button");
  },

  // The token ends while a stream is open: that is said, nothing of the page is lost, and one comes back to it.
  async expire() {
    await command("set", { accessSeconds: 15 });
    await page.getByRole("button", { name: "Sign out" }).click();
    await says("Sign in to GraphiQL");
    await page.getByRole("link", { name: "sign out there too" }).waitFor();
    assert.equal(await token(), null);
    await shot("graphiql-signed-out");
    await button().click();
    await edits("viewerUpdates");
    assert.equal(page.url(), `${address}/graphiql`, "one comes back to where one was, without a question");
    // Where the machine is slow, the token has ended before: that is said as well.
    await ask("Waiting", "subscription Waiting { viewerUpdates { __typename } }");
    await says("Your sign-in has ended.");
    await shot("graphiql-ended");
    await command("set", { accessSeconds: 3600 });
    const ended = await token();
    await page.getByRole("button", { name: "Sign in again" }).click();
    await page.waitForFunction((ended) => ![null, ended].includes(sessionStorage.getItem("alm.token")), ended);
    await page.waitForURL(`${address}/graphiql`);
    await edits("Waiting");
    await run("Again", "query Again { viewer { user { login } } }", '"login": "mia"');
  },

  // Signing out leaves nothing in the tab; at the issuer one signs out on its own page.
  async leave() {
    await page.goto(home);
    await says("You are signed in as mia");
    await page.getByRole("button", { name: "Sign out" }).click();
    await says("You are not signed in.");
    assert(!(await stored()).includes("alm."), await stored());
    await shot("signed-out");
    await page.getByRole("link", { name: "sign out there too" }).click();
    await page.waitForURL(`${issuer}/session/end**`);
    await page.goto(home);
    await says("You are not signed in.");
  },

  // Under another name of the server one is told where to sign in.
  async elsewhere() {
    await page.goto(home.replace("127.0.0.1", "localhost"));
    await button().click();
    await says(`People sign in at ${address}`);
  },

  // Answers that nobody should take.
  async forged() {
    await comesBack({ code: "a-code", state: "a-state", iss: issuer }, "belongs to no sign-in that was begun in this tab");
    await shot("forged");
    await begun();
    await comesBack({ code: "a-code", state: "another-state", iss: issuer }, "belongs to no sign-in that was begun in this tab");
    for (const iss of [{}, { iss: "https://evil.example" }, { iss: `${issuer}/` }]) {
      const state = (await begun()).get("state");
      await comesBack({ code: "a-code", state, ...iss }, "Another issuer has answered");
      await comesBack({ code: "a-code", state, iss: issuer }, "belongs to no sign-in that was begun in this tab");
    }
    const state = (await begun()).get("state");
    await comesBack({ error: "<b>evil</b>", state, iss: issuer }, "unknown error");
    assert.equal((await begun()).get("code_challenge_method"), "S256");
    // A code that was given to somebody else: the verifier is another one.
    const strange = await command("approve", { url: page.url(), user: "eve" });
    const code = new URL(strange.location).searchParams.get("code");
    const mine = (await begun()).get("state");
    await page.goto(`${callback}?${new URLSearchParams({ code, state: mine, iss: issuer })}`);
    await says("invalid_grant");
    assert.equal(await token(), null);
  },

  // Whoever says no at the issuer is told so, and may begin again where he was.
  async denied() {
    await page.goto(home);
    await button().click();
    await page.fill("input[name=user]", "noah");
    await Promise.all([page.waitForNavigation(), page.click("button[value=yes]")]);
    await page.click("button[value=no]");
    await says("The sign-in was denied.");
    await shot("denied");
    await page.getByRole("button", { name: "Sign in again" }).click();
    await page.waitForURL(`${issuer}/**`);
    await agree("noah");
    await says("You are signed in as noah");
    await page.getByRole("button", { name: "Sign out" }).click();
  },

  // The issuer's token endpoint is gone for a while.
  async down() {
    await command("trouble", { token: "down" });
    await page.goto(home);
    await button().click();
    await says("cannot be reached, or does not let pages of");
    await shot("down");
    await command("trouble", { token: null });
    await page.getByRole("button", { name: "Sign in again" }).click();
    await says("You are signed in as noah");
    await page.getByRole("button", { name: "Sign out" }).click();
  },

  // The issuer's clock is wrong.
  async clock() {
    await command("set", { skewSeconds: 300 });
    await page.goto(home);
    await button().click();
    await agree("noah");
    await page.waitForSelector("text=/The clock of the issuer is (299|300|301) seconds ahead of this server's/");
    await shot("clock");
    assert.equal(await token(), null);
    await command("set", { skewSeconds: 0 });
  },

  // The issuer gives tokens for another server.
  async audience() {
    await command("set", { audience: "urn:other" });
    await page.goto(home);
    await button().click();
    await agree("noah");
    await says("The issuer gave no token for this server.");
    await shot("audience");
    assert.equal(await token(), null);
  },
};

try {
  for (const chapter of chapters.split(",")) {
    await story[chapter]().catch(async (cause) => {
      await shot(`failed-${chapter}`);
      throw new Error(`the chapter ${chapter} ends at ${page.url()}`, { cause });
    });
    assert.deepEqual(trouble, [], chapter);
  }
  console.log("content");
} finally {
  await browser.close();
  await rm(profile, { recursive: true, force: true });
}
