// Watches a build of the project `shop` that waits for an answer, looks elsewhere, and is told by the browser when it has ended; by a
// click the page is in front again. Who does not allow notifications is told so.
import assert from "node:assert/strict";
import { address, approve, signIn, start, story } from "./support.mjs";

await story(async ({ page, context, look }) => {
  // The browser's own notifications, each noted when it is shown.
  await context.addInitScript(() => {
    window.shown = [];
    const Own = window.Notification;
    window.Notification = class extends Own {
      constructor(title, options) {
        super(title, options);
        this.addEventListener("show", () => window.shown.push({ title, ...options, notification: this }));
      }
    };
  });
  await start("shop");
  await signIn(page, "/ui/projects/shop/main/builds/1");
  await page.waitForSelector("alm-approval >> text=Ship it?");
  await context.clearPermissions();
  await page.click("button:text-is('Notify me')");
  await page.waitForSelector("text=does not allow notifications");
  await look("notify-refused");

  await context.grantPermissions(["notifications"], { origin: address });
  await page.click("button:text-is('Notify me')");
  await page.waitForSelector("button:text-is('Will notify')[aria-pressed=true]");
  const elsewhere = await context.newPage();
  await elsewhere.goto("about:blank");
  await elsewhere.bringToFront();
  await approve("shop");
  await page.waitForFunction(() => window.shown.length > 0);
  const [told] = await page.evaluate(() => window.shown.map(({ title, tag }) => ({ title, tag })));
  assert.equal(told.title, "Main #1: Succeeded");
  assert.match(told.tag, /^bld_/);
  // One is enough.
  await page.waitForSelector(".head >> text=Succeeded");
  await page.waitForSelector("button:text-is('Will notify')", { state: "detached" });
  assert.equal(await page.evaluate(() => window.shown.length), 1);
});
