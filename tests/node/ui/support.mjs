// What the stories of the pages share: a real Chromium, against the server at ADDRESS with TOKEN. Screenshots go to FOLDER, where
// one is given.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "playwright-core";

export const [address, token, folder, ...more] = process.argv.slice(2);

// Tells a story on a page of its own, and fails if anything went wrong behind its back. `trouble` is what did so far: a story
// that provokes an error empties it.
export async function story(tell) {
  if (folder) await mkdir(folder, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(Number(process.env.PATIENCE ?? 120_000));
    const trouble = [];
    page.on("pageerror", (error) => trouble.push(String(error)));
    // What pages of other sites complain of is theirs.
    const isOurs = (message) => (message.location().url || address).startsWith(address);
    page.on("console", (message) => message.type() === "error" && isOurs(message) && trouble.push(message.text()));
    try {
      await tell({ page, context, trouble, look: (name, shown = page) => look(shown, name) });
    } catch (error) {
      if (folder) await page.screenshot({ path: `${folder}/failed.png` });
      const told = await page.innerText("body", { timeout: 5_000 }).catch(String);
      console.error(`at ${page.url()}, where it went wrong, the page says:\n${told.slice(0, 4_000)}\n${trouble.join("\n")}`);
      throw error;
    }
    assert.deepEqual(trouble, []);
    console.log("content");
  } finally {
    await browser.close();
  }
}

// Signs in by the token that the server has printed, or by a person's own.
export async function signIn(page, path = "/ui", bearer = token) {
  await page.goto(`${address}/#token=${bearer}`);
  await page.waitForFunction(() => sessionStorage.length > 0);
  await page.goto(`${address}${path}`);
}

// What the person asks of the API beside the page.
export async function ask(query, variables = {}, bearer = token) {
  const reply = await fetch(`${address}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await reply.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

// Starts a build of the only build service of this project.
export async function start(project) {
  const { project: found } = await ask("query($slug: String!) { project(by: { slug: $slug }) { services { id } } }", { slug: project });
  const input = { serviceId: found.services[0].id };
  await ask("mutation($input: StartBuildInput!) { startBuild(input: $input) { userErrors { message } } }", { input });
}

// Says yes to what the first build of this project asks.
export async function approve(project) {
  const which = { address: { project, service: "main", number: 1 } };
  const { build } = await ask("query($by: BuildLookup!) { build(by: $by) { approvals { id } } }", { by: which });
  const input = { approvalId: build.approvals[0].id, verdict: "APPROVE" };
  await ask("mutation($input: DecideApprovalInput!) { decideApproval(input: $input) { userErrors { message } } }", { input });
}

// On each screen, in both themes: nothing that axe finds, and in three widths no sideways scroll.
async function look(page, name) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of [320, 768, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, `${name} scrolls sideways at ${width} px`);
      if (folder) await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${width}.png` });
    }
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
    assert.deepEqual(found, [], `${name}, ${colorScheme}`);
  }
}
