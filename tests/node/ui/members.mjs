// Mia, who has the token of the story, lets Ada in, whose token comes behind it; each sees what her role allows. With the keyboard alone.
import assert from "node:assert/strict";
import { address, ask, more, pick, press, signIn, story, write } from "./support.mjs";

const [ada] = more;

await story(async ({ page, look, context }) => {
  const there = await context.browser().newContext();
  const hers = await there.newPage();
  hers.setDefaultTimeout(120_000);
  const open = (path) => hers.goto(`${address}${path}`);
  // Only whoever has signed in here is known.
  await open(`/start#token=${ada}`);
  await hers.waitForSelector("text=You are signed in as ada");

  const { createProject } = await ask(`mutation { createProject(input: { slug: "shop", displayName: "Shop" }) { project { id } userErrors { message } } }`);
  const { providers } = await ask("{ providers(first: 1) { edges { node { id } } } }");
  const made = await ask("mutation ($input: CreateBuildServiceInput!) { createBuildService(input: $input) { userErrors { message } } }", {
    input: {
      projectId: createProject.project.id, providerId: providers.edges[0].node.id, slug: "main", displayName: "Main",
      repository: { url: "https://git.example.org/shop.git", ref: "main" },
    },
  });
  assert.deepEqual(made.createBuildService.userErrors, []);
  await open("/ui/projects/shop");
  await hers.waitForSelector("text=This project is not here");

  await signIn(page, "/ui/projects/shop/members");
  await page.waitForSelector("th:has-text('mia')");
  assert(await page.getByLabel("Role of mia").isDisabled(), "the last owner stays");
  assert(await page.getByRole("button", { name: "Remove mia" }).isDisabled());
  const login = page.getByRole("combobox", { name: "Login" });
  await write(login, "ad");
  await page.waitForSelector("datalist option[value=ada]", { state: "attached" });
  await write(login, "ada");
  await pick(page.getByLabel("Role", { exact: true }), "VIEWER");
  await press(page, "button", "Add member");
  await page.waitForSelector("text=ada is a member now");
  await look("members-two");

  // A viewer sees everything and changes nothing; each page says why.
  await open("/ui/projects/shop");
  await hers.waitForSelector("h2:text('Main')");
  await hers.waitForSelector("text=your role allows no changes");
  // What may be copied may be copied by everybody.
  const buttons = (all) => all.filter((one) => !one.closest("alm-copy")).map((one) => one.textContent);
  assert.deepEqual(await hers.locator("main button").evaluateAll(buttons), [], "no buttons that would be refused");
  await look("viewer-builds", hers);
  await open("/ui/projects/shop/settings");
  await hers.waitForSelector("a:has-text('Main')");
  assert.deepEqual(await hers.locator("main button").evaluateAll(buttons), []);
  await look("viewer-settings", hers);
  await press(hers.locator("main a", { hasText: "Main" }));
  await hers.waitForSelector("h2:text('What it builds')");
  assert.deepEqual(await hers.locator("main button:visible").evaluateAll(buttons), []);
  assert(await hers.getByRole("textbox", { name: "Days to keep" }).isDisabled());
  await look("viewer-service", hers);
  await open("/ui/projects/shop/members");
  await hers.waitForSelector("th:has-text('mia')");
  assert.deepEqual(await hers.locator("main button").evaluateAll(buttons), []);
  await open("/ui/projects/shop/audit");
  await hers.waitForSelector("text=for its owners to know");
  await open("/ui/projects/shop/new-service");
  await hers.waitForSelector("text=/needs the role OWNER/");
  await look("viewer-new-service", hers);
  await open("/ui/providers");
  await hers.waitForSelector("h2:has-text('This machine')");
  await hers.waitForSelector("text=Administrators register providers");
  await open("/ui/providers/register");
  await hers.waitForSelector("text=Only an administrator may register providers");
  await open("/ui/providers/local");
  await hers.waitForSelector("text=change nothing");
  assert.deepEqual(await hers.locator("main button").evaluateAll(buttons), []);
  await look("viewer-provider", hers);
  for (const path of ["/ui/audit", "/ui/oauth-clients"]) {
    await open(path);
    await hers.waitForSelector("h2:text('For administrators')");
    assert.equal(await hers.locator("main [role=alert], main button").count(), 0, `${path} asks for nothing that would be refused`);
  }

  // A developer starts builds.
  await pick(page.getByLabel("Role of ada"), "DEVELOPER");
  await page.waitForSelector("text=ada: Developer");
  await open("/ui/projects/shop");
  await hers.getByRole("button", { name: "Start Main", exact: true, disabled: false }).waitFor();

  await press(page, "button", "Remove ada");
  await press(page.getByRole("dialog"), "button", "Remove");
  await page.waitForSelector("text=ada is no member any more");
  await hers.reload();
  await hers.waitForSelector("text=This project is not here");
});
