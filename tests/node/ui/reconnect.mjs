// Kills the websocket of the page twenty times while a build of the project `long` writes 100,000 lines. What the page was told is
// read from the frames that the browser received: each line once, in order, and none left out.
import assert from "node:assert/strict";
import { proxyTo } from "./proxy.mjs";
import { address, start, story, token } from "./support.mjs";

const LINES = 100_000;
const CUTS = 20;

await story(async ({ page, trouble }) => {
  const proxy = await proxyTo(address);
  const told = [];
  let cuts = 0;
  page.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => {
      const { type, payload: { data } = {} } = JSON.parse(payload);
      const lines = type === "next" ? (data?.buildLog?.lines ?? []) : [];
      for (const { seq } of lines) told.push(seq);
      // Each time that some more has come, so that no two cuts are one.
      if (told.length > ((cuts + 1) * 0.9 * LINES) / CUTS && cuts < CUTS && proxy.cut() > 0) cuts += 1;
    });
  });

  await page.goto(`${proxy.address}/#token=${token}`);
  await page.waitForFunction(() => sessionStorage.length > 0);
  await start("long");
  await page.goto(`${proxy.address}/ui/projects/long/main/builds/1`);
  await page.waitForSelector(".head >> text=Succeeded");
  await page.waitForSelector(`.log .text >> text=/^count ${LINES}$/`);
  assert.equal(cuts, CUTS);

  assert.equal(new Set(told).size, told.length, "a line came twice");
  const gaps = told.filter((seq, index) => index > 0 && seq !== told[index - 1] + 1);
  assert.deepEqual(gaps, [], "lines were left out, or came in another order");
  const last = Number(await page.getAttribute(".lines", "data-lines"));
  assert.equal(told.at(-1), last);
  assert(last >= LINES);

  // And what it shows is what was written.
  for (const line of [1_234, 50_000, 99_999]) {
    await page.goto(`${proxy.address}/ui/projects/long/main/builds/1?n=${line}#L${line}`);
    const shown = await page.locator(`#L${line}.chosen .text`).innerText();
    assert.match(shown, /^count \d+$/);
    assert(Math.abs(Number(shown.slice(6)) - line) < 10, `line ${line} shows ${shown}`);
  }
  trouble.length = 0; // the browser tells of each socket that was cut
  proxy.close();
});
