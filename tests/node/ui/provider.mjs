// An administrator registers a provider, changes its settings, switches it off and removes it; with the keyboard alone.
import assert from "node:assert/strict";
import { address, ask, choose, pick, press, signIn, story, write } from "./support.mjs";

await story(async ({ page, look }) => {
  await signIn(page, "/ui/providers");
  await page.waitForSelector("h2:has-text('This machine')");
  await page.waitForSelector("th[scope=row]:text('Rerun from a stage')");
  await look("providers");

  // What somebody else changes is seen at once.
  const { providers: known } = await ask("{ providers(first: 1) { edges { node { id } } } }");
  const enable = (enabled) => ask(
    "mutation ($input: UpdateProviderInput!) { updateProvider(input: $input) { userErrors { message } } }",
    { input: { providerId: known.edges[0].node.id, enabled } },
  );
  for (const [enabled, word] of [[false, "Switched off"], [true, "Healthy"]]) {
    await enable(enabled);
    await page.waitForSelector(`.card:has-text('This machine') .status:has-text('${word}')`);
  }

  await press(page, "link", "Register a provider");
  await page.waitForSelector("h1:text('Register a provider')");
  await choose(page.locator("input[value=OPENSHIFT]"));
  await page.waitForSelector("summary:has-text('Settings')");
  const endpoint = page.getByRole("textbox", { name: "Address" });
  await write(endpoint, "not an address");
  await press(page, "button", "Register");
  await page.waitForSelector(".field.wrong:has-text('Address') [role=alert]");
  assert.equal(await endpoint.getAttribute("aria-invalid"), "true");
  await look("register-refused");

  // What can never work is said at its field, and not kept.
  await write(endpoint, "https://api.cluster.example.org:6443");
  await press(page.locator("summary", { hasText: "Settings" }));
  await write(page.getByLabel("Certificates of the cluster"), "rubbish");
  for (const button of ["Probe", "Register"]) {
    await press(page, "button", button);
    await page.waitForSelector(".field.wrong:has-text('Certificates of the cluster') [role=alert]:has-text('there is no certificate in it')");
    assert.equal(await page.locator("form > .note").count(), 0);
  }
  await look("register-no-certificate");

  // A probe registers nothing.
  await choose(page.locator("input[value=LOCAL]"));
  const name = page.getByRole("textbox", { name: "Name required", exact: true });
  // The name that is proposed is there first: it would come between what is typed.
  await page.waitForFunction((field) => field.value === "This machine", await name.elementHandle());
  await write(name, "Second machine");
  await press(page.locator("summary", { hasText: "Settings" }));
  await write(page.getByLabel("Builds at a time"), "0");
  await press(page, "button", "Probe");
  await page.waitForSelector(".field.wrong:has-text('Builds at a time') [role=alert]:has-text('at least 1')");
  await write(page.getByLabel("Builds at a time"), "3");
  await press(page, "button", "Probe");
  await page.waitForSelector(".note:has-text('Healthy')");
  await look("register");
  const names = async () => {
    const { providers } = await ask("{ providers(first: 10, includeDisabled: true) { edges { node { slug } } } }");
    return providers.edges.map(({ node }) => node.slug);
  };
  assert.deepEqual(await names(), ["local"]);

  await press(page, "button", "Register");
  await page.waitForURL(/\/ui\/providers\/second-machine$/);
  await page.waitForSelector("h1:text('Second machine')");
  assert.deepEqual(await names(), ["local", "second-machine"]);
  assert.equal(await page.getByLabel("Builds at a time").inputValue(), "3");
  await look("provider");

  // Its settings: some are changed, one is given back. Sizes are read and written as people do; nobody loses what is typed.
  await write(page.getByLabel("Builds at a time"), "");
  await pick(page.getByLabel("Isolation"), "NONE");
  assert.equal(await page.getByLabel("Most artifacts").getAttribute("placeholder"), "1 GiB");
  await write(page.getByLabel("Most artifacts"), "2 EB");
  await page.waitForSelector(".field.wrong:has-text('Most artifacts') [role=alert]:has-text('Write a size')");
  await write(page.getByLabel("Most artifacts"), "500 MB");
  await press(page.locator(".crumbs a"));
  const doubt = page.getByRole("dialog", { name: "Leave without saving?" });
  await doubt.waitFor();
  await look("provider-leave");
  await page.keyboard.press("Escape");
  await doubt.waitFor({ state: "detached" });
  await page.waitForSelector("button:text('Save 3 changes')");
  await write(page.getByLabel("Longest build"), "3h");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=Saved");
  const { providers } = await ask("{ providers(first: 10) { edges { node { slug configuration { key value origin } } } } }");
  const { configuration } = providers.edges.find(({ node }) => node.slug === "second-machine").node;
  const setting = (key) => configuration.find((one) => one.key === key);
  assert.deepEqual(setting("concurrency"), { key: "concurrency", value: 2, origin: "DEFAULT" });
  assert.deepEqual(setting("artifacts.max_bytes"), { key: "artifacts.max_bytes", value: 500_000_000, origin: "PROVIDER" });
  assert.deepEqual(setting("build.timeout"), { key: "build.timeout", value: "3h", origin: "PROVIDER" });
  assert.deepEqual(setting("isolation"), { key: "isolation", value: "NONE", origin: "PROVIDER" });

  await press(page, "button", "Probe now");
  await page.waitForSelector("button:text('Probe now'):enabled");
  await press(page, "button", "Switch off");
  await page.waitForSelector("text=No builds start on it");
  await press(page, "button", "Remove provider");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await look("provider-remove");
  await press(dialog, "button", "Remove");
  await page.waitForURL(/\/ui\/providers$/);
  await page.waitForSelector("h2:has-text('This machine')");
  assert.deepEqual(await names(), ["local"]);

  // What build services use stays, and the page says why.
  await page.goto(`${address}/ui/providers/nothing`);
  await page.waitForSelector("text=This provider is not here");
});
