// A build that Alice starts waits for her account at Staging. She connects it in place, in the row of the build, at a real issuer, with the
// keyboard alone, and the same build goes on. The account ends; the next start is held too, and goes on when she has reconnected. Then
// she disconnects, and connects again on the page of the next build; and as an administrator looks after the OAuth clients. More arguments: Alice's token, and the id of the build service.
import assert from "node:assert/strict";
import { address, ask, more, signIn, story } from "./support.mjs";

const [alice, service] = more;
const START = `mutation($service: ID!) { startBuild(input: { serviceId: $service }) { build { number status } } }`;

const start = async () => (await ask(START, { service }, alice)).startBuild.build;

// Walks the pages of the issuer by the keyboard: who one is, where it asks, and that one agrees.
const agree = async (page) => {
  await page.waitForURL((url) => url.origin !== address);
  while (new URL(page.url()).origin !== address) {
    const left = page.waitForNavigation();
    if (await page.$("input[name=user]")) {
      await page.focus("input[name=user]");
      await page.keyboard.press("Control+a");
      await page.keyboard.type("alice");
    } else {
      await page.focus("button[value=yes]");
    }
    await page.keyboard.press("Enter");
    await left;
  }
};

await story(async ({ page, look }) => {
  assert.equal((await start()).status, "WAITING_FOR_CREDENTIAL");
  await signIn(page, "/ui/projects/shop/builds", alice);
  await page.waitForSelector(".builds >> text=no account is connected");

  // The page of one's accounts begins with what waits for one.
  await page.goto(`${address}/ui/credentials`);
  const waits = page.getByRole("region", { name: "Waiting for your account" });
  await waits.getByRole("link", { name: /#1$/ }).waitFor();
  await waits.getByRole("button", { name: /^Connect the account at staging/i }).waitFor();
  await look("credentials-held");

  await page.goto(`${address}/ui/projects/shop/web/builds/1`);
  await page.waitForSelector("alm-held >> text=It waits for your account");
  await look("build-held");
  await page.goto(`${address}/ui/projects/shop/builds`);
  await page.waitForSelector(".builds alm-awaited button");
  await look("builds-held");
  await page.focus(".builds alm-awaited button");
  await page.keyboard.press("Enter");
  await agree(page);
  await page.waitForURL(/\/ui\/projects\/shop\/builds$/);
  await page.waitForSelector(".builds li >> text=Succeeded");
  await page.waitForSelector(".builds alm-awaited", { state: "detached" });

  await page.goto(`${address}/ui/credentials`);
  await page.waitForSelector(".account[data-status=CONNECTED] >> text=alice");
  await look("credentials");
  // What ends is told without a reload; the banner tells it on every page.
  await page.waitForSelector(".account[data-status=EXPIRED]");
  await page.waitForSelector("alm-banner >> text=Staging");
  await look("credentials-ended");

  assert.equal((await start()).status, "WAITING_FOR_CREDENTIAL");
  await page.focus(".account >> role=button[name=/^Reconnect/]");
  await page.keyboard.press("Enter");
  await agree(page);
  await page.waitForURL(/\/ui\/credentials$/);
  await page.waitForSelector(".account[data-status=CONNECTED]");
  await page.goto(`${address}/ui/projects/shop/web/builds/2`);
  await page.waitForSelector(".head >> text=Succeeded");

  // A dialog takes the focus, and gives it back.
  await page.goto(`${address}/ui/credentials`);
  const disconnect = page.getByRole("button", { name: /^Disconnect/ });
  await disconnect.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Disconnect the account at Staging" });
  await dialog.waitFor();
  assert(await dialog.evaluate((one) => one.contains(document.activeElement)), "the focus is in the dialog");
  await look("credentials-disconnect");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Disconnect/);
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Disconnect" }).press("Enter");
  await page.waitForSelector(".account[data-status=NOT_CONNECTED]");

  assert.equal((await start()).number, 3);
  await page.goto(`${address}/ui/projects/shop/web/builds/3`);
  await page.focus("alm-held button");
  await page.keyboard.press("Enter");
  await agree(page);
  await page.waitForURL(/\/ui\/projects\/shop\/web\/builds\/3$/);
  await page.waitForSelector(".head >> text=Succeeded");
  await page.waitForSelector("alm-held", { state: "detached" });
  await page.goto(`${address}/ui/credentials`);

  await page.click("text=OAuth clients");
  await page.waitForSelector("h1:text('OAuth clients')");
  await look("oauth-clients");
  await page.click("text=Register a client");
  await page.fill("[name=origin]", "http://clusters.example.org/");
  await page.fill("[name=clientId]", "alm");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".field:has([name=origin]) .refused");
  await look("oauth-client-refused");
  await page.fill("[name=origin]", "https://clusters.example.org:6443");
  await page.keyboard.press("Enter");
  await page.waitForSelector("h2:text('https://clusters.example.org:6443')");
  await page.getByRole("button", { name: "Change the client for https://clusters" }).click();
  await page.fill("[name=scopes]", "openid user:info");
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForSelector(".scope:text('user:info')");
  await page.getByRole("button", { name: "Remove the client for https://clusters" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.waitForSelector("h2:text('https://clusters.example.org:6443')", { state: "detached" });
});
