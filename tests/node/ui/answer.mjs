// Bob answers the question of a build that Alice has started on a cluster. He has no account there yet: his answer is kept, says so, and
// is delivered once he has connected it inside the question, by the cluster's own pages. More arguments: Bob's token and password, and the
// address of the cluster.
import assert from "node:assert/strict";
import { address, more, signIn, story } from "./support.mjs";

const [bob, password, cluster] = more;

// The pages of a simulated cluster show nothing: what they take is in their address, and what a person types is added.
const submit = (page, typed) =>
  page.evaluate((own) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = location.pathname;
    for (const [name, value] of [...new URLSearchParams(location.search), ...Object.entries(own)]) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    document.body.append(form);
    form.submit();
  }, typed);

await story(async ({ page, trouble, look }) => {
  await signIn(page, "/ui/projects/shop/ship/builds/1", bob);
  const question = page.locator("alm-approval");
  await question.getByText("Deploy it?").waitFor();
  await question.getByRole("button").first().press("Enter");
  await question.getByText("delivered once this account is connected").waitFor();
  await question.getByText(/approved by Bob/i).waitFor();
  assert.equal(await page.locator("alm-held").count(), 0, "the build itself waits for nobody's account");
  await look("answer-waits");
  const connect = question.getByRole("button", { name: /^Connect the account at builds/ });
  await connect.focus();
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.href.startsWith(cluster));
  while (new URL(page.url()).origin !== address) {
    const left = page.waitForNavigation();
    await submit(page, new URL(page.url()).pathname === "/login" ? { username: "bob", password } : { approve: "Allow" });
    await left;
  }
  await page.waitForURL(/\/ui\/projects\/shop\/ship\/builds\/1$/);
  await page.waitForSelector(".head >> text=Succeeded");
  await question.waitFor({ state: "detached" });
  trouble.length = 0; // a page of the cluster may have no icon
});
