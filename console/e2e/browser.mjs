// A browser for the scenarios of integration/postfix/test_console.py: Debian's Chromium, with whatever a page says on the
// browser's console kept, and what it asks of other origins.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import assert from 'node:assert/strict';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

export async function open(world, options = {}) {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    acceptDownloads: true,
    ...options,
  });
  context.setDefaultTimeout(60_000); // as long as the other scenarios wait, on a machine that is busy with them
  const page = await context.newPage();
  const said = [];
  page.on('console', (message) => {
    // Chromium's own note of an answer that is expected: this host's mail server is not where packages put it.
    const isExpected = message.location().url.endsWith('/api/exchange/queue') && message.text().includes('503');
    if (!isExpected) said.push(`${message.type()}: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => said.push(`error: ${error.message}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'blob:' && url.origin !== world.origin) said.push(`asks another origin: ${request.url()}`);
  });
  return { browser, page, said };
}

// Logged in by the form, as a person with a token is.
export async function logIn(page, world, role) {
  await page.goto(world.origin + '/');
  await page.getByLabel('Token').fill(world.tokens[role]);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
}

// A page that is loaded before the end of the session was answered would ask with the session that has just ended.
export async function logOut(page) {
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByLabel('Token').waitFor();
}

// The page behind that place, when all of it is there.
export async function visit(page, world, place) {
  await page.goto(`${world.origin}/#/${place}`);
  await settled(page).catch((cause) => {
    throw new Error(`"${place}" is not there as a whole`, { cause });
  });
}

export async function settled(page) {
  await page.locator('main h1').waitFor();
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
}

// Fails with what is wrong by WCAG 2.2, A and AA.
export async function checkAccess(page, title) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const found = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 200) + ' ' + node.failureSummary).join('\n  ')}`);
  });
  assert.deepEqual(violations, [], title);
}

export async function checkWidth(page, title) {
  const width = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(width <= 0, `${title}: ${width} pixels too wide`);
}

export function checkSilence(said, title) {
  assert.deepEqual(said, [], `${title}: words on the browser's console`);
}

export async function picture(page, name, options = { fullPage: true }) {
  const folder = process.env.CONNECTORD_PICTURES;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, ...options });
}
