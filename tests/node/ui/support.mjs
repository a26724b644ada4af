// What the stories of the pages share: a real Chromium, against the server at ADDRESS with TOKEN. Screenshots go to FOLDER, where
// one is given.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "playwright-core";

export const [address, token, folder, ...more] = process.argv.slice(2);

// How long anything may take that will be there, in milliseconds.
const PATIENCE = Number(process.env.PATIENCE ?? 120_000);

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
    page.setDefaultTimeout(PATIENCE);
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

// Whoever has no mouse: what these do is done with the keyboard alone.

// More stops than this no page has before what is looked for.
const MOST_STOPS = 150;

// Comes to this by Tab, from where the focus is, and sees that it is there.
export async function reach(target) {
  const until = Date.now() + PATIENCE;
  for (let stops = 0; stops < MOST_STOPS; ) {
    const way = await target.evaluate(wayTo, until - Date.now());
    if (way === "here") return;
    assert(!way.startsWith("never"), `the keyboard does not come to ${target}: ${way}`);
    if (way === "anew") continue;
    await target.page().keyboard.press(way);
    stops += 1;
  }
  assert.fail(`${MOST_STOPS} stops of the Tab key do not come to ${target}`);
}

// The key that leads from where the focus is towards this element, once it may have the focus.
async function wayTo(element, patience) {
  const until = performance.now() + patience;
  for (;;) {
    if (!element.isConnected) return "anew";
    const isOff = element.matches(":disabled");
    if (!isOff && element.tabIndex >= 0 && element.checkVisibility({ visibilityProperty: true })) break;
    if (performance.now() > until) return `never: ${isOff ? "it stays disabled" : "it is no stop of the Tab key, or hidden"}`;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const now = document.activeElement;
  if (now === element) {
    const { outlineStyle, boxShadow } = getComputedStyle(element);
    const isSeen = element.matches(":focus-visible") && (outlineStyle !== "none" || boxShadow !== "none");
    return isSeen ? "here" : "never: nobody sees that it has the focus";
  }
  const isBefore = now && now !== document.body && now.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_PRECEDING;
  return isBefore ? "Shift+Tab" : "Tab";
}

// Presses what has this role and name, or this locator.
export async function press(where, role, name) {
  const target = role ? where.getByRole(role, { name, exact: typeof name === "string" }) : where;
  await reach(target);
  await target.page().keyboard.press("Enter");
}

// Writes this into a field, in place of what is there.
export async function write(field, text) {
  await reach(field);
  const { keyboard } = field.page();
  await keyboard.press("ControlOrMeta+A");
  if (text) await keyboard.type(text);
  else await keyboard.press("Delete");
}

// Ticks a box, or takes the tick away.
export async function tick(box, on = true) {
  await reach(box);
  if ((await box.isChecked()) !== on) await box.page().keyboard.press("Space");
  assert.equal(await box.isChecked(), on);
}

// Picks an option of a field, by its words or its value.
export async function pick(field, words) {
  await reach(field);
  for (;;) {
    const by = await field.evaluate((select, wanted) => {
      const at = [...select.options].findIndex(({ text, value }) => [text.trim(), value].includes(wanted));
      return at < 0 ? null : at - select.selectedIndex;
    }, words);
    assert.notEqual(by, null, `${field} offers no ${words}`);
    if (by === 0) return;
    await field.page().keyboard.press(by > 0 ? "ArrowDown" : "ArrowUp");
  }
}

// Picks one of several radio buttons, which are one stop of the Tab key.
export async function choose(radio) {
  const name = await radio.getAttribute("name");
  const all = radio.page().locator(`input[type=radio][name="${name}"]`);
  const chosen = all.and(radio.page().locator(":checked"));
  await reach((await chosen.count()) > 0 ? chosen : all.first());
  const { keyboard } = radio.page();
  if ((await chosen.count()) === 0) await keyboard.press("Space");
  for (let left = await all.count(); !(await radio.isChecked()); left -= 1) {
    assert(left > 0, `the arrow keys do not come to ${radio}`);
    await keyboard.press("ArrowDown");
  }
}

// On each screen, in both themes: nothing that axe finds, wide and narrow, and in three widths no sideways scroll.
async function look(page, name) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of [320, 768, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, `${name} scrolls sideways at ${width} px`);
      if (folder) await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${width}.png` });
      // A page that is narrow is another one, in the same colours.
      if (width === 1440 || (width === 320 && colorScheme === "dark")) await examine(page, `${name}, ${colorScheme}, ${width} px`);
    }
  }
}

async function examine(page, name) {
  const axe = new AxeBuilder({ page }).options({ rules: { "target-size": { enabled: true } } });
  const { violations } = await axe.analyze();
  const found = violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
  assert.deepEqual(found, [], name);
}
