// A build of the project `shop` asks for values; afterwards it is told, wherever the decision is, who gave which.
import assert from "node:assert/strict";
import { ask, signIn, start, story } from "./support.mjs";

const NOTE = Array.from({ length: 30 }, (_, index) => `line ${index + 1} of the note`).join("\n");

await story(async ({ page, look }) => {
  await start("shop");
  await signIn(page, "/ui/projects/shop/main/builds/1");
  const question = page.locator("alm-approval");
  await question.getByLabel("Where to").selectOption("production");
  await question.getByLabel("How many").fill("12");
  await question.getByLabel("Release note").fill(NOTE);
  await look("answers-asked");
  await question.getByRole("button", { name: "Ship" }).click();
  await page.waitForSelector(".head >> text=Succeeded");

  // Each by the words in which it was asked for; what is long is folded behind its beginning.
  const told = async (where) => {
    const rows = where.locator(".parameters > div");
    assert.deepEqual(await rows.locator("dt").allInnerTexts(), ["Where to", "How many", "Tell everybody", "Release note", "TICKET"]);
    const values = await rows.locator("dd").allInnerTexts();
    assert.deepEqual([values[0], values[1], values[2], values[4]].map((text) => text.trim()), ["production", "12", "no", "empty"]);
    assert.match(values[3], /^line 1 of the note… 30 lines/);
    assert.doesNotMatch(values[3], /line 30/);
  };
  const answers = page.locator("alm-answers");
  await answers.getByText("Answers: 1").focus();
  await page.keyboard.press("Enter");
  await answers.getByText("✓ approved").waitFor();
  await told(answers);
  await answers.getByText("line 1 of the note…").focus();
  await page.keyboard.press("Enter");
  await answers.getByText("line 30 of the note").waitFor();
  await look("answers");

  // Also at the stage that has asked, and in a page that is opened afterwards.
  await page.goto(`${page.url()}?stage=ship`);
  await page.waitForSelector(".stage-panel >> text=Ship it?");
  await told(page.locator(".stage-panel"));
  await look("answers-stage");
  assert.equal(await question.count(), 0);

  const which = { by: { address: { project: "shop", service: "main", number: 1 } } };
  const { build } = await ask("query($by: BuildLookup!) { build(by: $by) { approvals { decisions { parameters { name value } } } } }", which);
  assert.equal(build.approvals[0].decisions[0].parameters.find(({ name }) => name === "NOTE").value, NOTE);
});
