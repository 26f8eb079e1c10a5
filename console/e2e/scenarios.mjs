// What people do at the console, each in a browser of its own.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkAccess, checkSilence, checkWidth, logIn, logOut, open, picture, settled, visit } from './browser.mjs';

const pages = [
  ['', 'Overview', 'Übersicht'],
  ['connectors', 'Connectors', 'Konnektoren'],
  ['connectors/inbound/contoso', 'contoso', 'contoso'],
  ['connectors/new', 'New connector', 'Neuer Konnektor'],
  ['connectors/inbound/fabrikam/edit', 'Change fabrikam', 'fabrikam ändern'],
  ['rules', 'Rules', 'Regeln'],
  ['rules/new', 'New rule', 'Neue Regel'],
  ['rules/no programs', 'no programs', 'no programs'],
  ['trace', 'Message trace', 'Nachrichtenverfolgung'],
  ['held', 'Held mail', 'Angehaltene Post'],
  ['reports', 'Reports', 'Berichte'],
  ['reports/dmarc', 'DMARC reports that we sent', 'Gesendete DMARC-Berichte'],
  ['insights', 'Insights', 'Erkenntnisse'],
  ['certificates', 'Certificates', 'Zertifikate'],
  ['domains', 'Domains', 'Domains'],
  ['doctor', 'Doctor', 'Diagnose'],
  ['audit', 'Audit', 'Audit'],
  ['access', 'Access', 'Zugang'],
];

async function inBrowser(world, work, options) {
  const { browser, page, said } = await open(world, options);
  try {
    await work(page, said);
    checkSilence(said, 'at the end');
  } finally {
    await browser.close();
  }
}

async function eachPage(page, world, look) {
  for (const [place, english, german] of pages) {
    await visit(page, world, place);
    const headings = await page.locator('h1').allTextContents();
    assert.equal(headings.length, 1, `${place} has one h1`);
    assert.ok([english, german].includes(headings[0]), `${place}: ${headings[0]}`);
    await look(place || 'overview', place);
  }
}

// A heading is there some moments before it has the focus.
const focused = (page, text) => page.waitForFunction((wanted) => document.activeElement.textContent === wanted, text);

// Light, dark, narrow, and in the other language.
export const everyPage = (world) =>
  inBrowser(world, async (page, said) => {
    await logIn(page, world, 'admin');
    await page.setViewportSize({ width: 1280, height: 900 });
    await eachPage(page, world, async (name) => {
      for (const scheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme: scheme });
        await checkAccess(page, `${name}, ${scheme}`);
        await picture(page, `${name.replaceAll('/', '-')}-${scheme}`);
      }
      await page.setViewportSize({ width: 320, height: 640 });
      await checkWidth(page, name);
      await picture(page, `${name.replaceAll('/', '-')}-narrow`);
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.emulateMedia({ colorScheme: 'light' });
      checkSilence(said, name);
    });
    await page.getByLabel('Language').selectOption('de');
    await eachPage(page, world, async (name) => {
      assert.equal(await page.locator('html').getAttribute('lang'), 'de');
      await page.setViewportSize({ width: 320, height: 640 });
      await checkWidth(page, `${name}, in German`);
      await page.setViewportSize({ width: 1280, height: 900 });
    });
  });

// A connector by the wizard, mail refused by it, why, and off it goes.
export const wizard = (world) =>
  inBrowser(world, async (page, said) => {
    const next = () => page.getByRole('button', { name: 'Next' }).click();
    const heading = (name) => page.getByRole('heading', { level: 2, name }).waitFor();
    await logIn(page, world, 'admin');
    await visit(page, world, 'connectors');
    await page.getByRole('link', { name: 'New connector' }).click();
    await heading('Which mail is it about?');
    await next();
    await heading('How is it called?');
    await next();
    await page.getByText('Write a name.').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('fabrikam');
    await page.getByLabel('Only watch first').uncheck();
    await next();
    await heading('How is mail of this sender recognized?');
    await page.getByLabel('Sender domains').fill('fabrikam..example');
    await next();
    await heading('What must this mail fulfil?');
    await next();
    // The API names the field, and the wizard leads there.
    await heading('How is mail of this sender recognized?');
    assert.match(await page.locator('#field-senderDomains-error').innerText(), /fabrikam\.\.example/);
    checkRefused(said);
    await page.getByLabel('Sender domains').fill('fabrikam.example');
    await next();
    await picture(page, 'wizard-require');
    await checkAccess(page, 'the wizard');
    await next();
    await heading('Review');
    await page.getByText('sender_domains').waitFor();
    await page.getByRole('button', { name: 'Try it' }).click();
    await page.getByText('1 would be refused').waitFor();
    await checkAccess(page, 'the review');
    await picture(page, 'wizard-review');
    await page.getByRole('button', { name: 'Create connector' }).click();
    await page.getByRole('heading', { level: 1, name: 'fabrikam' }).waitFor();
    await settled(page);
    await picture(page, 'connector-made');

    assert.match((await world.ask({ mail_from: 'eve@fabrikam.example', tls: false })).reply, /^550 5\.7\.10/);
    await page.getByRole('link', { name: 'Its mail of the last 7 days' }).click();
    await page.getByRole('heading', { level: 1, name: 'Message trace' }).waitFor();
    await settled(page);
    // The trace has an answer's row a moment after the answer.
    const row = page.getByRole('row').filter({ hasText: 'eve@fabrikam.example' });
    for (let tries = 0; tries < 10 && (await row.count()) === 0; ++tries) {
      await page.waitForTimeout(500);
      await page.reload();
      await settled(page);
    }
    assert.equal(await row.getByText('Refused').count(), 1, await page.locator('main').innerText());
    await row.getByRole('link').first().click();
    await page.getByRole('heading', { level: 1, name: /^Message / }).waitFor();
    await page.getByText('550 5.7.10').first().waitFor();
    await settled(page);
    await checkAccess(page, 'a message');
    await picture(page, 'message-refused');
    await page.setViewportSize({ width: 320, height: 640 });
    await checkWidth(page, 'a message');
    await picture(page, 'message-narrow');
    await page.setViewportSize({ width: 1280, height: 900 });

    await visit(page, world, 'connectors/inbound/fabrikam');
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('button', { name: 'Enable' }).waitFor();
    assert.match((await world.ask({ mail_from: 'eve@fabrikam.example', tls: false })).reply, /^250/);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { level: 1, name: 'Connectors' }).waitFor();
    await settled(page);
    assert.equal(await page.getByRole('link', { name: 'fabrikam' }).count(), 0);
    await visit(page, world, 'audit');
    for (const action of ['create', 'disable', 'delete']) await page.getByRole('cell', { name: action, exact: true }).waitFor();
    await picture(page, 'audit-filled');
  });

// Chromium itself notes an answer of 4xx, which is one that was provoked.
function checkRefused(said) {
  const expected = said.splice(0).filter((words) => !/Failed to load resource.*(401|404|409|412|422|501|503)/.test(words));
  assert.deepEqual(expected, []);
}

// A search is a link, and what senders write stays text.
export const trace = (world) =>
  inBrowser(world, async (page) => {
    await logIn(page, world, 'read');
    await visit(page, world, 'trace');
    await page.getByLabel('Recipient (address or domain)').fill('hostile@example.net');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('1 message', { exact: true }).waitFor();
    assert.match(page.url(), /recipient=hostile%40example\.net/);
    const cell = page.locator('td.subject');
    assert.equal(await cell.innerText(), world.hostile_shown);
    assert.equal(await page.locator('td.subject *').count(), 0);
    await page.reload();
    await settled(page);
    assert.equal(await page.getByLabel('Recipient (address or domain)').inputValue(), 'hostile@example.net');
    assert.equal(await cell.count(), 1);
    const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as CSV' }).click()]);
    const text = await readFile(await saved.path(), 'utf8');
    assert.match(text, /hostile@example\.net/);
    assert.ok(!/(^|,)=/m.test(text), 'no cell is a formula');
    await page.getByRole('row').nth(1).getByRole('link').click();
    await page.getByRole('heading', { level: 1, name: /^Message / }).waitFor();
    await settled(page);
    await checkAccess(page, 'a hostile message');
    await page.goBack();
    await settled(page);
    assert.equal(await cell.count(), 1);
    await page.getByLabel('Recipient (address or domain)').fill('nobody@nowhere.example');
    await page.keyboard.press('Enter');
    await page.getByText('No message is like this.').waitFor();
    await checkAccess(page, 'nothing found');
    assert.equal(await page.evaluate(() => globalThis.wasAttacked), undefined);
  });

// Who may only read sees no button that would be refused.
export const roles = (world) =>
  inBrowser(world, async (page) => {
    await logIn(page, world, 'read');
    for (const place of ['connectors', 'connectors/inbound/contoso']) {
      await visit(page, world, place);
      for (const name of ['New connector', 'Disable', 'Enable', 'Delete', 'Validate now']) {
        assert.equal(await page.getByText(name, { exact: true }).count(), 0, `${place}: ${name}`);
      }
    }
    assert.equal(await page.getByRole('link', { name: 'Access' }).count(), 0);
    await visit(page, world, 'access');
    await page.getByRole('heading', { level: 1, name: 'There is no such page' }).waitFor();
    await logOut(page);
    await logIn(page, world, 'operate');
    await visit(page, world, 'connectors/inbound/fabrikam');
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('button', { name: 'Enable' }).click();
    await page.getByRole('button', { name: 'Disable' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Delete' }).count(), 0);
  });

// What was sent, the newest day first; what servers answer stays text.
const reportOf = (hostile) => ({
  day: '2026-11-28', not_sent: null,
  report: { kind: 'dmarc', organization: 'example.net', id: '1', domain: 'contoso.com', policy: 'reject',
    begin: '2026-11-28T00:00:00Z', end: '2026-11-28T23:59:59Z', messages: 8, aligned: 3, failing: [
      { source: '203.0.113.9', messages: 5, failed: 5, quarantined: 0, rejected: 5, complaints: [{ count: 5, what: hostile, hint: '' }] }] },
});

export const sentReports = (world) =>
  inBrowser(world, async (page, said) => {
    await logIn(page, world, 'read');
    await visit(page, world, 'reports');
    await page.getByRole('link', { name: 'DMARC reports that we sent' }).click();
    await page.getByRole('row', { name: 'contoso.com d@contoso.com Sent' }).waitFor();
    await page.getByRole('row', { name: 'Further domains' }).waitFor();
    await checkAccess(page, 'the reports that were sent');
    await picture(page, 'sent-reports');
    await page.getByRole('link', { name: 'contoso.com' }).click();
    await page.getByText('no reports are sent; write dmarc = true in [reports]').waitFor();
    checkRefused(said);
    await checkAccess(page, 'a report that is not made');
    await page.route('**/reports/dmarc/contoso.com*', (route) => route.fulfill({ json: reportOf(world.hostile) }));
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('row', { name: '203.0.113.9' }).waitFor();
    assert.ok((await page.getByRole('row', { name: '203.0.113.9' }).innerText()).includes(world.hostile_shown));
    await checkAccess(page, 'a report');
    await page.getByLabel('Day of UTC').selectOption('2026-11-27');
    await page.getByRole('row', { name: 'fabrikam.example d@fabrikam.example Not sent' }).waitFor();
    assert.ok((await page.locator('tbody').innerText()).includes(world.hostile_shown));
  });

// A link logs in once and leaves no trace in the address; a session that ends leads back to where one was.
export const sessions = (world) =>
  inBrowser(world, async (page, said) => {
    await page.goto(world.link);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    assert.ok(!page.url().includes('link='));
    assert.equal(await page.evaluate(() => document.cookie), '');
    await visit(page, world, 'reports?group=tls');
    await world.ask({ end_sessions: true });
    await page.getByLabel('Time').selectOption('30d');
    await page.getByText('Your session has ended.').waitFor();
    await checkAccess(page, 'the login');
    await picture(page, 'login');
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    checkRefused(said);
    await page.getByLabel('Token').fill(world.tokens.read);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Reports' }).waitFor();
    await logOut(page);
    await page.goto('about:blank');
    await page.goto(world.link);
    await page.getByRole('alert').getByText('not valid').waitFor();
    said.splice(0, said.length, ...said.filter((words) => !words.includes('about:blank')));
    checkRefused(said);
  });

// All of the wizard's first steps without a mouse; the focus goes to the heading of what comes.
export const keyboard = (world) =>
  inBrowser(world, async (page) => {
    await logIn(page, world, 'admin');
    await page.keyboard.press('Tab');
    await page.evaluate(() => document.querySelector('.skip').focus());
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement.tagName === 'H1');
    await page.getByRole('navigation').getByRole('link', { name: 'Connectors' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Connectors' }).waitFor();
    await focused(page, 'Connectors');
    await settled(page);
    await page.keyboard.press('Tab');
    await focused(page, 'New connector');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 2, name: 'Which mail is it about?' }).waitFor();
    await page.getByRole('radio', { name: 'Inbound' }).focus();
    await page.keyboard.press('ArrowDown');
    assert.ok(await page.getByRole('radio', { name: 'Outbound' }).isChecked());
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 2, name: 'How is it called?' }).waitFor();
    await focused(page, 'How is it called?');
  });

// A rule that only watches first, is tried with a message, matches real mail, and is then enforced.
export const rule = (world) =>
  inBrowser(world, async (page, said) => {
    await logIn(page, world, 'admin');
    await visit(page, world, 'rules');
    await page.getByRole('link', { name: 'New rule' }).click();
    await page.getByRole('heading', { level: 1, name: 'New rule' }).waitFor();
    await settled(page);
    await page.getByRole('button', { name: 'Create rule' }).click();
    await page.getByText('Write a name.').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('no lottery');
    await page.getByRole('button', { name: 'Add a condition' }).click();
    await page.getByLabel('Key 1', { exact: true }).selectOption('subject_words');
    await page.getByLabel('subject_words', { exact: true }).fill('lottery\njackpot');
    await page.getByLabel('Action 1', { exact: true }).selectOption('reject');
    await page.getByLabel('code', { exact: true }).fill('777');
    await checkAccess(page, 'the editor');
    await picture(page, 'rule-editor');
    await page.getByRole('button', { name: 'Create rule' }).click();
    // The API says what is wrong, at its place.
    await page.locator('#field-action-0-code-error').waitFor();
    await page.getByLabel('code', { exact: true }).fill('550');

    await page.getByLabel('The message', { exact: true }).fill('From: eve@example.org\nTo: bob@example.net\nSubject: Lottery for you\n\nHello.\n');
    assert.equal(await page.getByLabel('Envelope sender').inputValue(), 'eve@example.org');
    assert.equal(await page.getByLabel('Recipients', { exact: true }).inputValue(), 'bob@example.net');
    await page.getByRole('button', { name: 'Try the rules' }).click();
    await page.getByRole('row').filter({ hasText: 'no lottery' }).getByText('Audit only').waitFor();
    await page.getByText('Subject: Lottery for you').last().waitFor();
    await checkAccess(page, 'a tried rule');
    await picture(page, 'rule-tried');
    await page.getByRole('button', { name: 'Create rule' }).click();
    await page.getByRole('heading', { level: 1, name: 'no lottery' }).waitFor();
    await settled(page);

    assert.match((await world.ask({ mail_from: 'eve@example.org', tls: false, subject: 'jackpot' })).reply, /^250/);
    await visit(page, world, 'rules');
    const hits = page.getByRole('row').filter({ hasText: 'no lottery' }).getByRole('link', { name: '1', exact: true });
    for (let tries = 0; tries < 10 && (await hits.count()) === 0; ++tries) {
      await page.waitForTimeout(500);
      await page.reload();
      await settled(page);
    }
    await picture(page, 'rules-filled');
    await hits.click();
    await page.getByRole('heading', { level: 1, name: 'Message trace' }).waitFor();
    await page.getByText('eve@example.org').first().waitFor();
    await visit(page, world, 'rules/no lottery');
    await page.getByRole('button', { name: 'Enforce' }).click();
    await page.getByRole('button', { name: 'Enforce' }).waitFor({ state: 'detached' });
    assert.match((await world.ask({ mail_from: 'eve@example.org', tls: false, subject: 'jackpot' })).reply, /^550/);

    // People's files are shown with their place, and are changed there.
    await visit(page, world, 'rules/no programs');
    await page.getByText('People wrote this file').waitFor();
    for (const name of ['Change', 'Delete', 'Enforce']) assert.equal(await page.getByText(name, { exact: true }).count(), 0, name);
    await visit(page, world, 'rules/no lottery');
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { level: 1, name: 'Rules' }).waitFor();
    await visit(page, world, 'audit');
    await page.getByRole('cell', { name: 'no lottery' }).first().waitFor();
    checkRefused(said);
  });

// Two people change one connector: neither loses what the other did.
export const conflict = (world) =>
  inBrowser(world, async (page, said) => {
    await logIn(page, world, 'admin');
    await visit(page, world, 'connectors/inbound/fabrikam');
    await page.getByRole('link', { name: 'Change' }).click();
    await page.getByRole('heading', { level: 1, name: 'Change fabrikam' }).waitFor();
    await settled(page);
    await page.getByLabel('Description').fill('mine');
    await page.getByLabel('TLS version, at least').selectOption('TLSv1.3');
    await world.ask({ change: { comment: 'theirs', priority: 7 } });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Somebody else has changed it' }).waitFor();
    const row = (key) => page.getByRole('row').filter({ hasText: key });
    assert.match(await row('comment').innerText(), /theirs[^]*mine/);
    assert.equal(await row('priority').getByRole('radio').count(), 0);
    assert.equal(await row('require.tls_version').getByRole('radio').count(), 0);
    await checkAccess(page, 'a conflict');
    await picture(page, 'conflict');
    await page.setViewportSize({ width: 320, height: 640 });
    await checkWidth(page, 'a conflict');
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.getByRole('radio', { name: 'comment: Theirs' }).check();
    await page.getByRole('button', { name: 'Save what is chosen' }).click();
    await page.getByText('The change is in force').waitFor();
    await settled(page);
    checkRefused(said);
    const { connector } = await world.ask({ read: true });
    assert.deepEqual([connector.comment, connector.priority, connector.require.tls_version, connector.require.tls], ['theirs', 7, 'TLSv1.3', true]);
  });

// What needs a look stands first, with its mail; who has seen it mutes it with a reason.
export const insights = (world) =>
  inBrowser(world, async (page) => {
    await logIn(page, world, 'operate');
    // What was found stands for some seconds, for all who look.
    const first = page.getByRole('region', { name: 'Insights' }).getByText('in the name of example.net');
    for (let tries = 0; tries < 20 && (await first.count()) === 0; ++tries) {
      await page.waitForTimeout(1000);
      await page.reload();
      await settled(page);
    }
    await first.waitFor();
    await page.getByRole('link', { name: /^All insights/ }).click();
    await page.getByRole('heading', { level: 1, name: 'Insights' }).waitFor();
    await settled(page);
    const card = page.getByRole('listitem').filter({ hasText: 'Our domain, from outside' });
    await checkAccess(page, 'insights');
    await picture(page, 'insights-filled');
    await card.getByRole('link', { name: 'The mail' }).click();
    await page.getByRole('heading', { level: 1, name: 'Message trace' }).waitFor();
    await page.getByText('ceo@example.net').first().waitFor();
    await page.goBack();
    await settled(page);
    // The sentences are the page's, in each language.
    await page.getByLabel('Language').selectOption('de');
    await page.getByText('kamen von außen im Namen von example.net').or(page.getByText('kam von außen im Namen von example.net')).first().waitFor();
    await page.getByLabel('Sprache').selectOption('en');
    await card.locator('summary').click();
    await card.getByLabel('Reason').fill('a printer of ours');
    await card.getByRole('button', { name: 'Mute' }).click();
    await page.getByText('Muted (1)').click();
    await page.getByText('a printer of ours').waitFor();
    await visit(page, world, 'audit');
    await page.getByRole('cell', { name: 'own_domain_from_outside:example.net' }).waitFor();
    await visit(page, world, 'insights');
    await page.getByText('Muted (1)').click();
    await page.getByRole('button', { name: 'Show it again' }).click();
    await page.getByText('Muted (1)').waitFor({ state: 'detached' });
    await logOut(page);
    await logIn(page, world, 'read');
    await visit(page, world, 'insights');
    assert.equal(await page.getByText('Mute', { exact: true }).count(), 0);
  });

// Searches that are kept, and mail that comes while one looks on.
export const searches = (world) =>
  inBrowser(world, async (page) => {
    await logIn(page, world, 'read');
    await visit(page, world, 'trace?sender=carol@elsewhere.example&since=7d');
    await page.getByText('Searches', { exact: true }).click();
    await page.getByLabel('Save this search as').fill('Carol');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await visit(page, world, 'trace?sender=nobody@elsewhere.example');
    await checkAccess(page, 'searches');
    await page.getByRole('link', { name: 'Carol', exact: true }).click();
    await page.waitForURL(/carol/);
    await settled(page);
    await page.getByRole('button', { name: 'Follow' }).click();
    await page.getByText('New messages come by themselves').waitFor();
    const before = await page.getByRole('row').count();
    await world.ask({ mail_from: 'carol@elsewhere.example', tls: false });
    await page.getByText('so far: 1').waitFor({ timeout: 20_000 });
    assert.equal(await page.getByRole('row').count(), Math.max(before, 1) + 1);
    await checkAccess(page, 'followed');
  });

// The console of mx1, whose fleet has mx2 too.
export const member = (world) =>
  inBrowser(world, async (page, said) => {
    const hosts = async () => {
      await page.getByRole('columnheader', { name: 'Host' }).waitFor();
      return new Set(await page.locator('main tbody td:last-child').allTextContents());
    };
    await logIn(page, world, 'admin');
    await visit(page, world, 'trace');
    assert.deepEqual(await hosts(), new Set(['mx1', 'mx2']));
    await checkAccess(page, 'the trace of a fleet');
    await picture(page, 'trace-of-a-fleet');
    await page.getByLabel('Host').fill('mx2');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.waitForURL(/host=mx2/);
    await settled(page);
    assert.deepEqual(await hosts(), new Set(['mx2']));
    await page.getByRole('row').nth(1).getByRole('link').click();
    await page.getByRole('heading', { level: 1, name: /^Message mx2-\d+$/ }).waitFor();
    await page.getByText('carol@mx2.example').first().waitFor();
    await settled(page);
    await checkAccess(page, 'a message of another host');

    await visit(page, world, 'trace');
    await page.getByRole('button', { name: 'Follow' }).click();
    await page.getByText('New messages come by themselves').waitFor();
    for (const [number, on] of [[1, 'mx1'], [2, 'mx2']]) {
      await world.ask({ do: 'mail', on });
      await page.getByText(`so far: ${number}`).waitFor({ timeout: 20_000 });
    }

    await visit(page, world, 'connectors/inbound/fabrikam');
    await page.getByText('All hosts of the fleet have this in common').waitFor();
    await picture(page, 'connector-of-a-fleet');
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('button', { name: 'Enable' }).waitFor();
    const isEnabled = async () => (await world.ask({ do: 'connector', on: 'mx2' })).status === 'enabled';
    for (let tries = 0; tries < 10 && (await isEnabled()); ++tries) await page.waitForTimeout(500);
    assert.equal(await isEnabled(), false, 'mx2 has the change too');

    await world.ask({ do: 'stop', on: 'database' });
    await visit(page, world, 'trace?since=7d');
    await page.getByText('This host alone').waitFor();
    await page.getByText('carol@mx1.example').first().waitFor();
    assert.equal(await page.getByText('carol@mx2.example').count(), 0);
    assert.doesNotMatch(await page.locator('main').innerText(), /\\u\{/);
    await picture(page, 'trace-without-the-database');
    await checkAccess(page, 'the trace while the database is away');
    await visit(page, world, 'connectors/inbound/fabrikam');
    await page.getByRole('button', { name: 'Enable' }).click();
    await page.getByText('the fleet\'s database').first().waitFor();
    await picture(page, 'connector-without-the-database');
    checkRefused(said);
    await world.ask({ do: 'start', on: 'database' });
    await visit(page, world, 'trace?since=30d');
    for (let tries = 0; tries < 20 && (await page.getByText('This host alone').count()) > 0; ++tries) {
      await page.waitForTimeout(500);
      await page.reload();
      await settled(page);
    }
    assert.deepEqual(await hosts(), new Set(['mx1', 'mx2']));
  });

// A message of 50 MB is tried by its beginning, and costs the page no more than that.
export const hugeMessage = (world) =>
  inBrowser(world, async (page) => {
    const folder = await mkdtemp(join(tmpdir(), 'console-'));
    try {
      const file = join(folder, 'huge.eml');
      await writeFile(file, `From: eve@example.org\nTo: bob@example.net\nSubject: big\n\n${`${'x'.repeat(76)}\n`.repeat(680_000)}`);
      await logIn(page, world, 'read');
      await visit(page, world, 'rules/no programs');
      await page.getByLabel('A file').setInputFiles(file);
      await page.getByText('Only its first 700 kB are tried.').waitFor();
      assert.equal(await page.getByLabel('Envelope sender').inputValue(), 'eve@example.org');
      await page.getByRole('button', { name: 'Try the rules' }).click();
      await page.getByText('No rule matched.').waitFor({ timeout: 30_000 });
      await page.getByText('Subject: big').last().waitFor();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

// On paper: what there is to read, and nothing to click.
export const printed = (world) =>
  inBrowser(world, async (page) => {
    await logIn(page, world, 'read');
    await visit(page, world, 'reports?group=action');
    await page.locator('figure').waitFor();
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    for (const part of ['.side', '.top', 'footer', '.filters', '.heading .actions']) assert.equal(await page.locator(part).first().isVisible(), false, part);
    assert.ok(await page.getByRole('heading', { level: 1 }).isVisible());
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
    await picture(page, 'reports-printed');
  });

// What our own domains publish, asked of a real DNS server.
export const domains = (world) =>
  inBrowser(world, async (page) => {
    await logIn(page, world, 'read');
    await visit(page, world, 'domains');
    assert.equal(await page.getByRole('button', { name: 'Look at example.net now' }).count(), 0);
    await page.getByText('connectorctl dns example.net').waitFor();
    await logOut(page);
    await logIn(page, world, 'operate');
    await visit(page, world, 'domains');
    await page.getByRole('button', { name: 'Look at example.net now' }).click();
    await page.getByRole('heading', { name: 'What to publish' }).waitFor();
    await page.locator('pre').filter({ hasText: '_dmarc.example.net' }).first().waitFor();
    await page.getByRole('cell', { name: /spf/i }).or(page.getByRole('rowheader', { name: /spf/i })).first().waitFor();
    await checkAccess(page, 'a domain');
    await picture(page, 'domain');
    await page.setViewportSize({ width: 320, height: 640 });
    await checkWidth(page, 'a domain');
    // What was found stands for whoever comes next.
    await page.reload();
    await settled(page);
    await page.getByRole('heading', { name: 'What to publish' }).waitFor();
  });

// Mail that is held: who may decide does, once it was said what happens; what strangers wrote stays text.
export const held = (world) =>
  inBrowser(world, async (page, said) => {
    const row = (subject) => page.getByRole('row').filter({ hasText: subject });
    const dialog = page.getByRole('dialog');
    const again = async (role) => {
      await logOut(page);
      await logIn(page, world, role);
      await visit(page, world, 'held');
    };
    await logIn(page, world, 'read');
    await page.getByRole('navigation').getByRole('link', { name: 'Held mail' }).click();
    await page.getByText('3 messages are held').waitFor();
    await settled(page);
    assert.equal(await row('<img').locator('td.subject').innerText(), world.hostile_shown);
    assert.equal(await page.locator('td.subject *').count(), 0);
    assert.match(await row('<img').innerText(), /eve@elsewhere\.example[^]*user@example\.net[^]*an invoice of a stranger[^]*invoices/);
    assert.equal(await page.locator('td button').count(), 0);
    const wanted = row('a second invoice');
    await wanted.getByText('and 3 more').click();
    await wanted.getByText('user5@example.net').waitFor();
    await row('<img').getByRole('link').first().click();
    await page.getByRole('heading', { level: 1, name: /^Message / }).waitFor();
    await page.getByText(world.hostile.queue_id).first().waitFor();

    await again('operate');
    assert.equal(await page.getByRole('button', { name: /^Delete/ }).count(), 0);
    const release = row('<img').getByRole('button', { name: /^Release/ });
    await release.click();
    await dialog.getByText('No rule is asked again').waitFor();
    assert.ok((await dialog.innerText()).includes(world.hostile_shown));
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme });
      await checkAccess(page, `a question, ${scheme}`);
      await picture(page, `held-question-${scheme}`);
    }
    await page.setViewportSize({ width: 320, height: 640 });
    await checkWidth(page, 'a question');
    assert.ok(await dialog.evaluate((one) => one.scrollWidth <= one.clientWidth), 'the dialog fits');
    await picture(page, 'held-question-narrow');
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.ok(await release.evaluate((one) => one === document.activeElement), 'the focus is where it was');
    assert.equal((await world.ask({ held: { what: 'is', of: world.hostile } })).queue, 'hold');
    await release.click();
    await dialog.getByRole('button', { name: 'Release' }).click();
    await page.getByRole('status').filter({ hasText: 'Released: =cmd|x <img' }).waitFor();
    await row('<img').waitFor({ state: 'detached' });
    assert.deepEqual((await world.ask({ held: { what: 'arrives', of: world.hostile } })).recipients, ['user@example.net']);
    await checkAccess(page, 'what was released');
    assert.equal(await page.evaluate(() => globalThis.wasAttacked), undefined);

    // Somebody else was quicker.
    await world.ask({ held: { what: 'delete', of: world.decided } });
    await row('a third invoice').getByRole('button', { name: /^Release/ }).click();
    await dialog.getByRole('button', { name: 'Release' }).click();
    await page.getByRole('alert').filter({ hasText: 'a third invoice is no longer held' }).waitFor();
    await row('a third invoice').waitFor({ state: 'detached' });
    checkRefused(said);

    // Without a mouse: the first button of a dialog changes nothing.
    await again('admin');
    await row('a second invoice').getByRole('button', { name: /^Delete/ }).focus();
    await page.keyboard.press('Enter');
    await dialog.getByText('neither its sender nor its recipients are told').waitFor();
    await focused(page, 'Cancel');
    await page.keyboard.press('Tab');
    await focused(page, 'Delete');
    await page.keyboard.press('Enter');
    await page.getByText('Nothing is held.').waitFor();
    await settled(page);
    await focused(page, 'Deleted: a second invoice. Nobody gets it.');
    assert.deepEqual(await world.ask({ held: { what: 'is', of: world.unwanted } }), { queue: null, arrived: 0 });
    for (const scheme of ['dark', 'light']) {
      await page.emulateMedia({ colorScheme: scheme });
      await checkAccess(page, `nothing held, ${scheme}`);
    }
    await picture(page, 'held-none');
    await page.getByRole('link', { name: 'What was held in the last 30 days' }).click();
    await page.getByRole('heading', { level: 1, name: 'Message trace' }).waitFor();
    await page.getByText('a second invoice').first().waitFor();
    await visit(page, world, 'audit');
    await row('held mail released').filter({ hasText: world.hostile.queue_id }).getByRole('cell', { name: 'operate', exact: true }).waitFor();
    await row('held mail deleted').getByRole('link', { name: world.unwanted.queue_id }).click();
    await page.getByRole('heading', { level: 1, name: 'Message trace' }).waitFor();
    await page.getByText('a second invoice').first().waitFor();
  });

// The helper that has root's rights is gone: it is said what starts it, and nothing was done.
export const heldWithoutHelper = (world) =>
  inBrowser(world, async (page, said) => {
    const words = page.getByRole('alert').filter({ hasText: 'does not answer' });
    await logIn(page, world, 'operate');
    await visit(page, world, 'held');
    const release = page.getByRole('button', { name: 'Release an invoice' });
    await release.waitFor();
    await world.ask({ end_helper: true });
    await release.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click();
    await page.getByRole('alert').filter({ hasText: 'nothing was done' }).waitFor();
    await words.last().waitFor();
    await page.locator('pre').filter({ hasText: 'systemctl enable --now connectord-held.socket' }).first().waitFor();
    await page.locator('pre').filter({ hasText: 'connectorctl held list' }).first().waitFor();
    assert.deepEqual(await world.ask({ held: { what: 'is', of: world.held } }), { queue: 'hold', arrived: 0 });
    await page.reload();
    await settled(page);
    assert.equal(await words.count(), 1);
    await checkAccess(page, 'without the helper');
    await picture(page, 'held-without-helper');
    await page.setViewportSize({ width: 320, height: 640 });
    await checkWidth(page, 'without the helper');
    await page.setViewportSize({ width: 1280, height: 900 });
    // Only these answers are made up.
    for (const [status, text, command] of [[501, 'does not look at the mail server', 'connectorctl held list'], [409, 'No record of messages is kept', 'store = '], [503, 'could not be reached', 'connectorctl held list']]) {
      const body = JSON.stringify({ type: 'about:blank', title: 'x', status, detail: 'so it is' });
      await page.route('**/api/exchange/quarantine', (route) => route.fulfill({ status, contentType: 'application/problem+json', body }));
      await page.getByRole('button', { name: 'Look again' }).click();
      await page.getByRole('alert').filter({ hasText: text }).waitFor();
      await page.locator('pre').filter({ hasText: command }).waitFor();
    }
    await checkAccess(page, 'without an answer');
    checkRefused(said);
  });

// A connectord that runs as root looks at no machine.
export const asRoot = (world) =>
  inBrowser(world, async (page, said) => {
    await logIn(page, world, 'read');
    for (const [place, command] of [['doctor', 'connectorctl doctor'], ['certificates', 'connectorctl certificates']]) {
      await visit(page, world, place);
      await page.getByText('This connectord runs as root').waitFor();
      await page.locator('pre').filter({ hasText: command }).waitFor();
      await checkAccess(page, `${place}, as root`);
    }
    checkRefused(said);
  });

// A connectord without a message trace: each page that needs it says so, and what to write.
export const withoutTrace = (world) =>
  inBrowser(world, async (page, said) => {
    await logIn(page, world, 'read');
    for (const place of ['held', 'trace', 'reports', 'insights', '']) {
      await visit(page, world, place);
      if (place !== 'insights' && place !== '') await page.locator('pre').filter({ hasText: 'store = ' }).waitFor();
      await checkAccess(page, `${place}, without a trace`);
    }
    checkRefused(said);
  });

// All words that are ours come from a catalogue: in the pseudo-language they stand in brackets.
export const pseudo = (world) =>
  inBrowser(world, async (page) => {
    await logIn(page, world, 'admin');
    await page.evaluate(() => localStorage.setItem('connectord.language', 'pseudo'));
    await page.reload();
    await settled(page);
    for (const [place] of pages) {
      await visit(page, world, place);
      // Of a rule, the words of its keys are the API's.
      const parts = ['nav a', 'section > h2', 'label', 'legend', 'button', 'summary', 'thead th', '.lead', '.badge', 'dt', ...(place.startsWith('rules/') ? [] : ['option', '.help'])];
      const bare = await page.evaluate((selector) =>
        [...document.querySelectorAll(selector)].map((one) => one.textContent.trim()).filter((text) => /\p{L}{2}/u.test(text) && !text.includes('⟦')), parts.join(', '));
      const known = ['English', 'Deutsch', 'TLS', 'TLS 1.2', 'TLS 1.3', 'TLSv1.2', 'TLSv1.3', 'HELO', 'Message-ID', ...world.names];
      assert.deepEqual(bare.filter((text) => !known.includes(text)), [], place);
      await page.setViewportSize({ width: 320, height: 640 });
      await checkWidth(page, `${place}, with long words`);
      await page.setViewportSize({ width: 1280, height: 900 });
    }
  });

// What README.md and docs/console.md show, with mail that the Python side has sent.
export const pictures = (world) =>
  inBrowser(
    world,
    async (page, said) => {
      const shot = async (name) => {
        await settled(page);
        await page.evaluate(() => {
          document.activeElement?.blur();
          scrollTo(0, 0);
        });
        await picture(page, name, { fullPage: false });
      };
      await page.route('**/api/exchange/queue', (route) => route.fulfill({ json: world.queue }));
      await logIn(page, world, 'admin');
      await page.locator('figure').first().waitFor();
      await page.setViewportSize({ width: 1280, height: 1200 });
      await shot('console-overview');
      await page.setViewportSize({ width: 1280, height: 860 });
      await visit(page, world, `trace/${world.refused}`);
      await shot('console-message');
      await visit(page, world, 'rules/new');
      await page.getByLabel('Name', { exact: true }).fill('Mark mail of outsiders');
      await page.getByRole('button', { name: 'Add a condition' }).click();
      await page.getByLabel('Key 1', { exact: true }).selectOption('sender_scope');
      await page.getByLabel('sender_scope', { exact: true }).selectOption('external');
      await page.getByLabel('Action 1', { exact: true }).selectOption('prepend_subject');
      await page.getByLabel('text', { exact: true }).fill('[EXTERNAL] ');
      await shot('console-rule');
      await page.emulateMedia({ colorScheme: 'dark' });
      await visit(page, world, 'trace?since=2d');
      await shot('console-trace-dark');
      checkSilence(said, 'the pictures');
    },
    { timezoneId: 'UTC' },
  );

// How long people wait on a large trace, and whether the page grows: for script/bench console.
export const speed = (world) =>
  inBrowser(world, async (page) => {
    // As a person has it: from the click to the frame that shows what was waited for, by the page's own clock. What this
    // program needs to find the link and to click is not in it.
    const timed = async (link, waited) => {
      await page.evaluate(({ heading, present }) => {
        const isThere = () => document.querySelector('main h1')?.textContent === heading && (present ? document.querySelector(present) !== null : document.querySelector('[aria-busy="true"]') === null);
        globalThis.measured = new Promise((resolve) => {
          const look = (began) => requestAnimationFrame(() => (isThere() ? requestAnimationFrame(() => resolve(performance.now() - began)) : look(began)));
          addEventListener('click', (event) => look(event.timeStamp), { capture: true, once: true });
        });
      }, waited);
      await page.getByRole('navigation').getByRole('link', { name: link }).click();
      const took = await page.evaluate(() => globalThis.measured);
      await settled(page);
      return took;
    };
    const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
    const heap = async () => {
      const session = await page.context().newCDPSession(page);
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize } = await session.send('Runtime.getHeapUsage');
      await session.detach();
      return usedSize;
    };
    await logIn(page, world, 'read');
    await settled(page);
    const overview = [];
    const first = [];
    for (let turn = 0; turn < 7; ++turn) {
      first.push(await timed('Message trace', { heading: 'Message trace', present: 'table.trace tbody tr' }));
      overview.push(await timed('Overview', { heading: 'Overview' }));
    }
    await visit(page, world, 'trace?since=90d');
    const older = () => page.getByRole('link', { name: 'Older' });
    const next = async () => {
      const before = page.url();
      await older().click();
      await page.waitForURL((url) => String(url) !== before);
      await settled(page);
    };
    for (let turn = 0; turn < 5; ++turn) await next();
    const before = await heap();
    for (let turn = 0; turn < 50; ++turn) await next();
    await world.ask({ figures: { first_page_ms: median(first), overview_ms: median(overview), heap_growth: (await heap()) - before } });
  });
