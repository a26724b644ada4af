// Alice looks at plain builds of a cluster: one whose second step never ends, which she stops, and one whose third step fails.
import assert from "node:assert/strict";
import { signIn, story } from "./support.mjs";

await story(async ({ page, look }) => {
  const steps = page.locator("alm-steps li");
  const says = async (nth, ...words) => {
    for (const word of words) await steps.nth(nth).getByText(word).first().waitFor();
  };
  await signIn(page, "/ui/projects/shop/endless/builds/1");
  await says(0, "fetch-the-source", "Succeeded");
  await says(1, "compile", "Running");
  assert.equal(await steps.nth(1).getAttribute("aria-current"), "step");
  assert.equal(await steps.count(), 2);
  await look("steps-running");

  // They are told on as they change: nothing is asked for again. Of one that is over it is asked where its version runs.
  const asked = [];
  page.on("request", (request) => request.url().endsWith("/graphql") && asked.push(request.postData() ?? ""));
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.waitForSelector(".head >> text=Cancelled");
  await says(1, "compile", "Ended");
  assert.deepEqual(asked.filter((body) => !/"operationName":"(CancelBuild|Deployed)"/.test(body)), []);
  await look("steps-cancelled");

  await page.goto(page.url().replace("endless", "failing"));
  await page.waitForSelector(".head >> text=Failed");
  await says(2, "unit-tests", "Failed", "exit code 3");
  assert.equal(await steps.count(), 3, "what comes behind a step that failed never began");
  assert.equal(await steps.locator(".bar-of").count(), 3);
  await look("steps-failed");
});
