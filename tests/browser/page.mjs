// Uses the page as a person does: {url, browser, protocol, kept, shots} as the last argument, what was seen on stdout.
import { chromium } from "playwright-core";

const { url, browser: program, protocol, kept, shots } = JSON.parse(process.argv.at(-1));
const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 900, height: 900 } });
page.setDefaultTimeout(20_000);
const seen = { console: [], asked: [] };
page.on("console", (message) => message.type() === "error" && seen.console.push(message.text()));
page.on("pageerror", (error) => seen.console.push(String(error)));
page.on("request", (request) => new URL(request.url()).origin === url || seen.asked.push(request.url().slice(0, 100)));

await page.addInitScript(() => {  // every text that the last answer has had
  window.texts = [];
  new MutationObserver(() => {
    const parts = document.querySelector(".answer:last-child")?.querySelectorAll(".text") ?? [];
    const text = [...parts].map((part) => part.textContent).join("");
    if (text && text !== window.texts.at(-1)) window.texts.push(text);
  }).observe(document, { subtree: true, childList: true, characterData: true });
});

const last = () => page.locator(".answer").last();
const text = async () => (await last().locator(".text").allTextContents()).join("|");
const shot = (name) => (shots ? page.screenshot({ path: `${shots}/${protocol}-${name}.png` }) : null);
const over = () => page.waitForFunction(() => document.getElementById("stop").hidden);

async function ask(question) {
  await page.fill("#question", question);
  await page.click("#send");
}

async function until(words) {
  await last().getByText(words).first().waitFor();
}

await page.goto(url);
await page.selectOption("#protocol", protocol);

await ask("tell me");  // text that grows, thinking that is folded, a tool
await over();
seen.growing = await page.evaluate(() => window.texts);
seen.text = await text();
const fold = last().locator("details");
seen.folded = (await fold.count()) ? !(await fold.first().evaluate((element) => element.open)) : null;
await shot("folded");
if (seen.folded) await fold.first().locator("summary").click();
seen.thinking = (await fold.count()) ? await fold.first().locator("div").last().innerText() : "";
seen.tool = (await last().locator(".tool").allTextContents()).join("|");
seen.note = await last().locator(".note").last().innerText();
await shot("open");

await ask("break");  // it breaks off in the middle
await over();
seen.broken = { text: await text(), error: await last().locator(".error").innerText() };
await shot("error");

await ask("slow, to be stopped");
await until("slow");
await page.click("#stop");
await over();
seen.stopped = { text: await text(), note: await last().locator(".note").last().innerText() };

await ask("slow, to be read again");
await until("slow");
if (kept) {
  await page.reload();
  await page.locator(".answer").last().waitFor();
  await until("slow");
  seen.remembered = await page.locator(".answer .error").allInnerTexts();
  await shot("reloaded");
  await page.setViewportSize({ width: 400, height: 700 });
  await page.emulateMedia({ colorScheme: "dark" });
  await shot("small-dark");
  await over();
  seen.reloaded = { text: await text(), note: await last().locator(".note").last().innerText() };
} else {
  await page.close();  // whoever closes the page ends the answer
}
await browser.close();
process.stdout.write(JSON.stringify(seen));
