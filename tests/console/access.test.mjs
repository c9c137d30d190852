// Whether everybody can use the console: axe-core looks at each page, light and dark, wide and narrow. Needs `npm ci` in
// tests/browser.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';
import { launch, missing } from '../browser/chromium.mjs';
import { story } from '../browser/story.mjs';
import { Server } from '../sdk/server.mjs';
import { hands } from './hands.mjs';

const AXE = new URL('../browser/node_modules/axe-core/axe.min.js', import.meta.url);
const PASSWORD = 'a long enough password';
const PAGES = ['overview', 'apps', 'settings', 'users', 'users/ann', 'groups', 'groups/team', 'messages?one=ann&other=ben', 'webhooks',
  'statistics', 'explorer', 'usersig', 'limits', 'system', 'audit', 'operators', 'account'];
const LOOKS = [
  { name: 'light', viewport: { width: 1200, height: 760 }, theme: 'light' },
  { name: 'dark', viewport: { width: 1200, height: 760 }, theme: 'dark' },
  { name: 'on a phone', viewport: { width: 390, height: 800 }, theme: 'light' },
];

let server, browser, page;

before(async () => {
  if (missing) return;
  server = await Server.start();
  await server.import('ann', 'ben');
  await server.ok('group_open_http_svc/create_group', { Type: 'Public', GroupId: 'team', Name: 'Team', Owner_Account: 'ann' });
  await server.send('ann', 'ben', [{ MsgType: 'TIMTextElem', MsgContent: { Text: 'hello' } }]);
  browser = await launch();
  ({ page } = await browser.page({ bypassCSP: true }));
  await page.addInitScript(readFileSync(AXE, 'utf8'));
  // Colours on their way to others are nobody's to judge.
  await page.addInitScript(() => addEventListener('DOMContentLoaded', () => {
    document.head.append(Object.assign(document.createElement('style'), { textContent: '*, *::before, *::after { transition: none !important; }' }));
  }));
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** What is wrong with the page as it is, of what matters. */
async function wrong(where) {
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.filter((it) => ['serious', 'critical'].includes(it.impact))
    .flatMap((it) => it.nodes.map((node) => `${where}: ${it.id}: ${node.target.join(' ')} ${node.failureSummary.replaceAll('\n', ' ')}`));
}

story('everybody can use the console', { skip: missing }, async (step) => {
  await step('the sign-in', async () => {
    await page.goto(server.setupLink());
    await page.getByRole('heading', { name: 'Choose a password' }).waitFor();
    assert.deepEqual(await wrong('set-up'), []);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Password again').fill(PASSWORD);
    await page.getByRole('button', { name: 'Set the password' }).click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    // Pages that show long work have some to show.
    const { call } = hands(page);
    for (const what of ['users', 'groups']) assert.equal((await call(`apps/${server.sdkappid}/works/export`, { what, form: 'csv' })).status, 200);
  });
  for (const look of LOOKS) {
    await step(`every page ${look.name}`, async () => {
      await page.setViewportSize(look.viewport);
      const isDark = await page.evaluate(() => document.documentElement.getAttribute('theme-mode') === 'dark');
      if (isDark !== (look.theme === 'dark')) await page.getByRole('button', { name: 'Light or dark' }).click();
      const found = [];
      for (const it of PAGES) {
        await page.goto(`${server.baseUrl}/console/#/${server.sdkappid}/${it}`);
        await page.locator('main h1').waitFor();
        await page.waitForLoadState('networkidle');
        await page.waitForFunction(() => !document.querySelector('main .t-is-loading'));
        found.push(...await wrong(`${it} ${look.name}`));
      }
      assert.deepEqual(found, []);
    });
  }
});
