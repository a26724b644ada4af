// Measures the pages in a real Chromium against the real server: `node bench/ui.mjs PROGRAM [FIGURE…]` prints a table. What no
// stopwatch tells (events in any order, accessibility, sideways scroll, hostile logs) is tests: the stories and the unit tests.
import { chromium } from "playwright-core";
import { cuts, latency, layout, million, opens, streams } from "./figures.mjs";
import { world as begin } from "./world.mjs";

// In the order of their numbers.
const figures = { opens, streams, million, layout, latency, cuts };
const [program, ...wanted] = process.argv.slice(2);
if (!program) throw new Error("say which program serves: node bench/ui.mjs target/release/alm");
const unknown = wanted.filter((name) => !(name in figures));
if (unknown.length > 0) throw new Error(`there is no figure ${unknown}; there are ${Object.keys(figures)}`);

const world = await begin(program);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"],
});
let missed = 0;
try {
  console.log("| figure | goal | result | |\n|---|---|---|---|");
  for (const [name, measure] of Object.entries(figures)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const opened = [];
    // Signed in without having been there: nothing is in the browser's cache.
    const fresh = async () => {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
      opened.push(context);
      await context.addInitScript((token) => sessionStorage.setItem("alm.token", token), world.token);
      const page = await context.newPage();
      page.setDefaultTimeout(300_000);
      const debug = await context.newCDPSession(page);
      // The time of the processor: what else the machine does is not in it.
      await debug.send("Performance.enable", { timeDomain: "threadTicks" });
      return { page, debug };
    };
    for (const { what, goal, result, isReached } of await measure({ world, fresh })) {
      missed += isReached ? 0 : 1;
      console.log(`| ${what} | ${goal} | ${result} | ${goal === "" ? "" : isReached ? "reached" : "**missed**"} |`);
    }
    for (const context of opened) await context.close();
  }
} finally {
  await browser.close();
  await world.stop();
}
// A slower machine is no defect: figures are told, and fail nothing.
if (missed > 0) console.log(`\n${missed} missed`);
