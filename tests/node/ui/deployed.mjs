// Alice looks at what a pipeline of Jenkins has deployed by its own words, and at how long it waited for her.
import assert from "node:assert/strict";
import { signIn, story } from "./support.mjs";

await story(async ({ page, look }) => {
  await signIn(page, "/ui/projects/shop/ship/builds/1");
  await page.waitForSelector(".head >> text=Succeeded");
  const approve = page.locator("alm-graph .stage", { hasText: "Approve" });
  await approve.click();
  const panel = page.getByRole("region", { name: "Stage Approve" });
  await panel.getByText(/, waited \d/).waitFor();
  await page.getByText("Outputs: 5").click();
  const outputs = page.locator("alm-outputs li");
  const address = outputs.getByRole("link", { name: "http://web-staging.example.test" });
  assert.equal(await address.getAttribute("href"), "http://web-staging.example.test");
  await outputs.filter({ hasText: "of Rollout to Stage" }).first().waitFor();
  await outputs.filter({ hasText: "of Rollout to Elsewhere" }).first().waitFor();
  assert.equal(await page.locator('a[href^="javascript"]').count(), 0);
  await look("deployed-build");

  await page.goto(new URL("/ui/projects/shop/environments", page.url()).href);
  for (const [where, url] of [["Staging", "http://web-staging.example.test"], ["live", "http://web.example.test"]]) {
    const visit = page.getByRole("link", { name: `Visit ship in ${where}` });
    await visit.waitFor();
    assert.equal(await visit.getAttribute("href"), url);
  }
  await look("deployed-board");
});
