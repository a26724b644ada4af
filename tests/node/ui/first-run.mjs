// A newcomer: nothing is there yet, and one key later a build is running. With the keyboard alone; and all that the pages send is sent
// by its hash.
import assert from "node:assert/strict";
import { address, press, story, token, write } from "./support.mjs";

await story(async ({ page, look }) => {
  const asked = [];
  page.on("request", (request) => request.url() === `${address}/graphql` && asked.push(request.postDataJSON()));
  const told = [];
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => told.push(JSON.parse(payload))));

  // The address that the server prints leads here, and the token does not stay in it.
  await page.goto(`${address}/#token=${token}`);
  await page.waitForSelector("h2:text('Your first build')");
  assert.match(page.url(), /\/ui\/?$/);
  await page.waitForSelector("text=Parallel stages");
  await look("first-run");

  // What is no address is told at once; what the server refuses leaves nothing behind.
  const place = page.getByLabel("Address of the repository");
  for (const [typed, why] of [["hello world", "git can clone by"], ["http://git.example.org/\u{1F600}.git", "use https"]]) {
    await write(place, typed);
    assert.equal(await page.locator(".field.wrong").count(), 0, "what was said of another address holds no longer");
    await press(page, "button", "Create and build");
    await page.waitForSelector(`.field.wrong [role=alert]:has-text("${why}")`);
    assert.equal(await place.getAttribute("aria-invalid"), "true");
  }
  await look("first-run-refused");
  await page.reload();
  await page.waitForSelector("h2:text('Your first build')");
  // Not even in the archive.
  await page.goto(`${address}/ui?archived=true`);
  await page.waitForSelector("label:has-text('Archived too') input:checked");
  await page.waitForSelector("h2:text('Your first build')");

  await press(page.locator("button:text-is('Run')").first());
  await page.waitForURL(/\/ui\/projects\/samples\/parallel\/builds\/1$/);
  await page.waitForSelector(".head >> text=/Running|Succeeded|Unstable/");
  await page.waitForSelector(".head >> text=/Succeeded|Unstable/");

  // A second sample goes into the same project.
  await page.goto(`${address}/ui`);
  await page.waitForSelector("h2:has-text('Samples')");
  await press(page, "link", "Create project");
  await page.waitForSelector("h1:text('Create a project')");
  await write(page.getByLabel(/^\s*Name/), "Web Shop 2");
  await look("create-project");
  const short = page.getByLabel("Short name");
  assert.equal(await short.inputValue(), "web-shop-2");
  await write(short, "samples");
  await press(page, "button", "Create project");
  await page.waitForSelector("[role=alert]:has-text('in use')");
  assert.equal(await short.getAttribute("aria-invalid"), "true");
  await look("create-project-taken");
  await write(short, "shop");
  await press(page, "button", "Create project");
  await page.waitForURL(/\/ui\/projects\/shop\/new-service$/);

  // The provider is asked before anything is made.
  await page.waitForSelector("h2:text('Add a build service')");
  const repository = page.getByLabel("Repository");
  await write(repository, "ext::sh -c x");
  await write(page.getByLabel(/^\s*Name/), "Shop");
  await write(page.getByLabel("Short name"), "shop");
  await press(page, "button", "Check only");
  await page.waitForSelector(".field.wrong [role=alert]");
  assert.equal(await repository.getAttribute("aria-invalid"), "true");
  await look("new-service-refused");
  await write(repository, "https://git.example.org/team/shop.git");
  await press(page.locator("summary", { hasText: "Settings" }));
  await write(page.getByLabel("Longest build"), "never");
  await press(page, "button", "Check only");
  await page.waitForSelector(".field.wrong:has-text('Longest build') [role=alert]");
  await write(page.getByLabel("Longest build"), "10m");
  await press(page, "button", "Check only");
  await page.waitForSelector("text=Everything fits");
  await look("new-service");
  await press(page, "button", "Add build service");
  await page.getByRole("button", { name: "Start Shop", exact: true }).waitFor();
  await look("new-service-made");
  await press(page, "link", "To the project");
  await page.waitForSelector("h2:text('Shop')");

  assert(asked.length > 5 && told.some(({ type }) => type === "subscribe"));
  for (const sent of [...asked, ...told.filter(({ type }) => type === "subscribe").map(({ payload }) => payload)]) {
    assert.equal(sent.query, undefined, `${sent.operationName} is sent as a text`);
    assert.match(sent.documentId, /^sha256:[0-9a-f]{64}$/);
  }
});
