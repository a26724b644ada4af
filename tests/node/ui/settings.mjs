// An owner changes a project: its name, a build service with its settings and secrets, its members; makes a token; and reads in the
// audit trail who did it.
import assert from "node:assert/strict";
import { address, ask, signIn, story } from "./support.mjs";

const SECRET = "only-for-the-registry-0123456789";

await story(async ({ page, look }) => {
  const sent = [];
  page.on("response", async (reply) => reply.url() === `${address}/graphql` && sent.push(await reply.text().catch(() => "")));
  await signIn(page, "/ui/projects/shop");
  await page.click(".tabs >> text=Settings");
  await page.getByRole("textbox", { name: /^Name/ }).first().fill("Web shop");
  await page.getByRole("textbox", { name: "Description" }).fill("What customers see.");
  await page.click("button:text-is('Save')");
  await page.waitForSelector("h1:text('Web shop')");
  await page.waitForSelector("text=✓ Saved");
  await look("settings");

  // A build service: what it builds, its settings, its secrets.
  await page.click(".plainlist a:has-text('main')");
  await page.waitForSelector("h2:text('What it builds')");
  await page.getByRole("textbox", { name: "Days to keep" }).fill("30");
  await page.getByRole("textbox", { name: "Longest build" }).fill("soon");
  await page.click("button:text('Save 2 changes')");
  await page.waitForSelector(".field.wrong:has-text('Longest build') [role=alert]");
  await page.getByRole("textbox", { name: "Longest build" }).fill("");
  await page.click("button:text('Save 1 change')");
  await page.waitForSelector("text=builds that start from now on have it");
  await page.getByRole("textbox", { name: "Name of the secret" }).fill("npm token");
  await page.getByRole("textbox", { name: "Value" }).fill(SECRET);
  await page.click("button:text('Set secret')");
  await page.waitForSelector(".field.wrong:has-text('Name of the secret') [role=alert]");
  await page.getByRole("textbox", { name: "Name of the secret" }).fill("NPM_TOKEN");
  await page.click("button:text('Set secret')");
  await page.waitForSelector("text=NPM_TOKEN is set");
  assert.equal(await page.getByRole("textbox", { name: "Value" }).inputValue(), "");
  assert(!(await page.content()).includes(SECRET) && !sent.some((text) => text.includes(SECRET)), "a secret came back");
  await look("service-settings");
  const { project } = await ask(`{ project(by: { slug: "shop" }) { id displayName services { id configuration { key value origin } secrets { name } } } }`);
  const [{ configuration, secrets }] = project.services;
  assert.deepEqual(secrets, [{ name: "NPM_TOKEN" }]);
  assert.deepEqual(configuration.find(({ key }) => key === "retention.max_days"), { key: "retention.max_days", value: 30, origin: "SERVICE" });
  await page.click("button[aria-label='Remove NPM_TOKEN']");
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
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
  await environments.getByRole("checkbox", { name: "All of the project" }).uncheck();
  await environments.getByRole("checkbox", { name: "live" }).uncheck();
  await environments.getByRole("button", { name: "Save" }).click();
  await environments.getByText("✓ Saved").waitFor();
  assert.deepEqual(await used(), ["staging"]);
  await look("service-environments");
  await environments.getByRole("checkbox", { name: "All of the project" }).check();
  await environments.getByRole("button", { name: "Save" }).click();
  await environments.locator("button:text-is('Save'):disabled").waitFor();
  assert.deepEqual((await used()).sort(), ["live", "staging"]);

  // What cannot be undone asks first; Esc leaves everything as it is.
  await page.click("button:text('Remove build service')");
  const dialog = page.getByRole("dialog");
  assert(await dialog.getByRole("button", { name: "Remove" }).isDisabled(), "its short name has to be typed");
  await look("service-remove");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });

  // The members. The last owner stays.
  await page.click(".tabs >> text=Members");
  await page.waitForSelector("h2:text('Add a member')");
  await page.getByRole("combobox", { name: "Login" }).fill("nobody-of-that-name");
  await page.click("button:text('Add member')");
  await page.waitForSelector(".field.wrong:has-text('Login') [role=alert]");
  await look("members");

  // The audit trail, with its filter in the address.
  await page.click(".tabs >> text=Audit");
  await page.waitForSelector(".trail >> text=project.update");
  await page.getByLabel("Verb begins with").fill("secret.");
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
  await page.click("button:text('1 new: show')");
  await page.waitForSelector(".trail > li:first-child >> text=secret LATER");
  assert.equal(await page.locator(".trail > li").count(), 3);
  await page.getByLabel("Outcome").selectOption("FAILED");
  await page.waitForSelector("text=Nothing fits these filters");
  await page.goBack();
  await page.waitForSelector(".trail >> text=secret.remove");
  await page.goto(`${address}/ui/audit?verb=project.`);
  await page.waitForSelector("h1:text('Audit')");
  await page.waitForSelector(".trail >> text=project.create");
  await look("audit-instance");

  // Archived: kept, and nothing can be started.
  await page.goto(`${address}/ui/projects/shop/settings`);
  await page.click("button:text('Archive the project')");
  await dialog.getByRole("button", { name: "Archive" }).click();
  await page.waitForSelector("text=This project is archived");
  await look("settings-archived");
  await page.goto(`${address}/ui/projects/shop`);
  await page.waitForSelector("button:text-is('Start'):disabled");
  await page.goto(`${address}/ui/projects/shop/settings`);
  await page.click("button:text('Restore the project')");
  await page.waitForSelector("text=This project is archived", { state: "detached" });

  await page.goto(`${address}/ui/tokens`);
  await page.waitForSelector("h1:text('Personal access tokens')");
  await page.getByRole("textbox", { name: "Name" }).fill("nightly script");
  await page.getByRole("checkbox", { name: "Write" }).check();
  await page.click("button:text('Make a token')");
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
  await page.click("button[aria-label='Revoke nightly script']");
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await page.waitForSelector("strong:text('nightly script')", { state: "detached" });
});
