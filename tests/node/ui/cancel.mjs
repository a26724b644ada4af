// Cancels a build of the project `endless`; signs in by a token that is then withdrawn, and goes on where it was. With the keyboard
// alone.
import assert from "node:assert/strict";
import { ask, press, signIn, start, story, token, write } from "./support.mjs";

const CREATE = `mutation($input: CreatePersonalTokenInput!) {
  createPersonalToken(input: $input) { token personalToken { id } userErrors { message } }
}`;
const REVOKE = "mutation($input: RevokePersonalTokenInput!) { revokePersonalToken(input: $input) { userErrors { message } } }";

await story(async ({ page, context, look, trouble }) => {
  await start("endless");
  await signIn(page, "/ui/projects/endless/main/builds/1");
  await page.waitForSelector(".log .text >> text=/^waiting$/");
  const icon = () => page.getAttribute("#favicon", "href");
  const running = await icon();
  await look("running");

  // The list of projects, in another tab, tells what happens by itself.
  const list = await context.newPage();
  await signIn(list);
  await list.waitForSelector("alm-project-card alm-status >> text=Running");

  // By a token of one's own, which ends while the page is open.
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  const { createPersonalToken: made } = await ask(CREATE, { input: { name: "A tab", scopes: ["ADMIN"], expiresAt } });
  await page.evaluate((own) => sessionStorage.setItem("alm.token", own), made.token);
  await page.reload();
  await page.waitForSelector(".pill[data-state=live]");
  await page.waitForSelector(".log .text >> text=/^waiting$/");
  await ask(REVOKE, { input: { personalTokenId: made.personalToken.id } });
  await page.waitForSelector("[role=dialog] >> text=sign in again");
  await page.waitForSelector(".log .text >> text=/^waiting$/");
  await look("session-ended");
  await write(page.locator("#token"), token);
  await press(page, "button", "Use it");
  await page.waitForSelector("[role=dialog]", { state: "detached" });

  await press(page, "button", "Cancel");
  await page.waitForSelector(".head >> text=Cancelled");
  await list.waitForSelector("alm-project-card alm-status >> text=Cancelled");
  assert.match(await page.title(), /^Cancelled/);
  assert.notEqual(await icon(), running);
  await page.waitForSelector("button:text-is('Cancel')", { state: "detached" });
  await look("cancelled");
  trouble.length = 0; // the browser tells of what the token did not open any more
});
