// An owner changes a project: its name, a build service with its settings and secrets, its members; makes a token; and reads in the
// audit trail who did it. With the keyboard alone.
import assert from "node:assert/strict";
import { address, ask, pick, press, signIn, story, tick, write } from "./support.mjs";

const SECRET = "only-for-the-registry-0123456789";

await story(async ({ page, look }) => {
  const sent = [];
  page.on("response", async (reply) => reply.url() === `${address}/graphql` && sent.push(await reply.text().catch(() => "")));
  await signIn(page, "/ui/projects/shop");
  await press(page.locator(".tabs"), "link", "Settings");
  await write(page.getByRole("textbox", { name: /^Name/ }).first(), "Web shop");
  await write(page.getByRole("textbox", { name: "Description" }), "What customers see.");
  await press(page, "button", "Save");
  await page.waitForSelector("h1:text('Web shop')");
  await page.waitForSelector("text=✓ Saved");
  await look("settings");

  // A build service: what it builds, its settings, its secrets.
  await press(page.locator(".plainlist a", { hasText: "main" }));
  await page.waitForSelector("h2:text('What it builds')");
  await write(page.getByRole("textbox", { name: "Days to keep" }), "30");
  await write(page.getByRole("textbox", { name: "Longest build" }), "soon");
  await press(page, "button", "Save 2 changes");
  await page.waitForSelector(".field.wrong:has-text('Longest build') [role=alert]");
  await write(page.getByRole("textbox", { name: "Longest build" }), "");
  await press(page, "button", "Save 1 change");
  await page.waitForSelector("text=builds that start from now on have it");
  await write(page.getByRole("textbox", { name: "Name of the secret" }), "npm token");
  await write(page.getByRole("textbox", { name: "Value" }), SECRET);
  await press(page, "button", "Set secret");
  await page.waitForSelector(".field.wrong:has-text('Name of the secret') [role=alert]");
  await write(page.getByRole("textbox", { name: "Name of the secret" }), "NPM_TOKEN");
  await press(page, "button", "Set secret");
  await page.waitForSelector("text=NPM_TOKEN is set");
  assert.equal(await page.getByRole("textbox", { name: "Value" }).inputValue(), "");
  assert(!(await page.content()).includes(SECRET) && !sent.some((text) => text.includes(SECRET)), "a secret came back");
  await look("service-settings");
  const { project } = await ask(`{ project(by: { slug: "shop" }) { id displayName services { id configuration { key value origin } secrets { name } } } }`);
  const [{ configuration, secrets }] = project.services;
  assert.deepEqual(secrets, [{ name: "NPM_TOKEN" }]);
  assert.deepEqual(configuration.find(({ key }) => key === "retention.max_days"), { key: "retention.max_days", value: 30, origin: "SERVICE" });
  await press(page, "button", "Remove NPM_TOKEN");
  await press(page.getByRole("dialog"), "button", "Remove");
  await page.waitForSelector("text=NPM_TOKEN is removed");

  // The environments whose tokens its builds get: some, and all again.
  const add = "mutation ($input: AddEnvironmentInput!) { addEnvironment(input: $input) { userErrors { message } } }";
  for (const name of ["staging", "live"]) {
    const endpoint = { url: `https://${name}.example.org`, name };
    await ask(add, { input: { projectId: project.id, displayName: name, role: "TARGET", endpoint } });
  }
  const used = async () => {
    const { project } = await ask(`{ project(by: { slug: "shop" }) { services { environments { name } } } }`);
    return project.services[0].environments.map(({ name }) => name);
  };
  await page.reload();
  const environments = page.locator("section:has(#environments)");
  await tick(environments.getByRole("checkbox", { name: "All of the project" }), false);
  await tick(environments.getByRole("checkbox", { name: "live" }), false);
  await press(environments, "button", "Save");
  await environments.getByText("✓ Saved").waitFor();
  assert.deepEqual(await used(), ["staging"]);
  await look("service-environments");
  await tick(environments.getByRole("checkbox", { name: "All of the project" }));
  await press(environments, "button", "Save");
  await environments.locator("button:text-is('Save'):disabled").waitFor();
  assert.deepEqual((await used()).sort(), ["live", "staging"]);

  // What cannot be undone asks first; Esc leaves everything as it is.
  await press(page, "button", "Remove build service");
  const dialog = page.getByRole("dialog");
  assert(await dialog.getByRole("button", { name: "Remove" }).isDisabled(), "its short name has to be typed");
  await look("service-remove");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });

  // The members. The last owner stays.
  await press(page.locator(".tabs"), "link", "Members");
  await page.waitForSelector("h2:text('Add a member')");
  await write(page.getByRole("combobox", { name: "Login" }), "nobody-of-that-name");
  await press(page, "button", "Add member");
  await page.waitForSelector(".field.wrong:has-text('Login') [role=alert]");
  await look("members");

  // The audit trail, with its filter in the address.
  await press(page.locator(".tabs"), "link", "Audit");
  await page.waitForSelector(".trail >> text=project.update");
  const changed = page.locator(".trail li", { hasText: "project.update" }).first().getByRole("link", { name: "project shop" });
  assert.equal(await changed.getAttribute("href"), "/ui/projects/shop");
  await write(page.getByLabel("Verb begins with"), "secret.");
  await page.keyboard.press("Enter");
  await page.waitForURL(/audit\?verb=secret\.$/);
  await page.waitForSelector(".trail >> text=project.update", { state: "detached" });
  await page.waitForSelector(".trail >> text=secret.set");
  assert.equal(await page.locator(".trail > li").count(), 2);
  await look("audit");
  // What is done meanwhile is told, if it fits the filter, and shown when it is wanted.
  const set = "mutation ($input: SetSecretInput!) { setSecret(input: $input) { userErrors { message } } }";
  await ask(set, { input: { serviceId: project.services[0].id, secret: { name: "LATER", value: SECRET } } });
  const rename = "mutation ($input: UpdateProjectInput!) { updateProject(input: $input) { userErrors { message } } }";
  await ask(rename, { input: { projectId: project.id, description: "What customers see first." } });
  await press(page, "button", "1 new: show");
  await page.waitForSelector(".trail > li:first-child >> text=secret LATER");
  assert.equal(await page.locator(".trail > li").count(), 3);
  await pick(page.getByLabel("Outcome"), "FAILED");
  await page.waitForURL(/outcome=FAILED/);
  await page.waitForSelector("text=Nothing fits these filters");
  // Each outcome on the way with the arrow keys is an address of its own.
  while (page.url().includes("outcome=")) await page.goBack();
  await page.waitForSelector(".trail >> text=secret.remove");
  await page.goto(`${address}/ui/audit?verb=project.`);
  await page.waitForSelector("h1:text('Audit')");
  await page.waitForSelector(".trail >> text=project.create");
  await look("audit-instance");

  // Archived: kept, and nothing can be started.
  await page.goto(`${address}/ui/projects/shop/settings`);
  await press(page, "button", "Archive the project");
  await press(dialog, "button", "Archive");
  await page.waitForSelector("text=This project is archived");
  await look("settings-archived");
  await page.goto(`${address}/ui/projects/shop`);
  await page.getByRole("button", { name: "Start Main", exact: true, disabled: true }).waitFor();
  await page.goto(`${address}/ui/projects/shop/settings`);
  await press(page, "button", "Restore the project");
  await page.waitForSelector("text=This project is archived", { state: "detached" });

  await page.goto(`${address}/ui/tokens`);
  await page.waitForSelector("h1:text('Personal access tokens')");
  await write(page.getByRole("textbox", { name: "Name" }), "nightly script");
  await tick(page.getByRole("checkbox", { name: "Write" }));
  await press(page, "button", "Make a token");
  await page.waitForSelector("text=it is never shown again");
  const made = await page.locator(".secret-once code").innerText();
  await look("tokens");
  const seen = await fetch(`${address}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${made}`, "content-type": "application/json" },
    body: JSON.stringify({ query: "{ serverInfo { version } }" }),
  });
  assert.equal((await seen.json()).errors, undefined, "the token opens");
  await page.reload();
  await page.waitForSelector("strong:text('nightly script')");
  assert(!(await page.content()).includes(made), "the token is shown once");
  await press(page, "button", "Revoke nightly script");
  await press(dialog, "button", "Revoke");
  await page.waitForSelector("strong:text('nightly script')", { state: "detached" });
});
