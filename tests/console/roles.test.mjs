// Three people at one console: an owner lets an operator and a viewer in, and each may what the role says. Needs `npm ci` in
// tests/browser. Pictures go to the folder MAGPIE_SCREENSHOTS.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';
import { launch, missing } from '../browser/chromium.mjs';
import { story } from '../browser/story.mjs';
import { Server } from '../sdk/server.mjs';
import { PASSWORD, hands } from './hands.mjs';

const SECRETS = { 'webhooks.auth_token': 'a-token-of-webhooks', 'webhooks.signing_secret': 'a-secret-of-signatures' };
const PAGES = ['overview', 'apps', 'settings', 'users', 'users/ann', 'groups', 'groups/team', 'messages?one=ann&other=ben', 'webhooks',
  'statistics', 'explorer', 'usersig', 'limits', 'system', 'audit', 'operators', 'account'];
/** Buttons that change nothing of others': looking, and what is the viewer's own. The explorer has one for each command. */
const HARMLESS = ['Search', 'Show', 'More', 'Reload', 'Run', 'Show the curl line', 'Copy as curl', 'Explain this message', 'CSV',
  'Change the password', 'Check a UserSig'];
const COMMAND = /^(▸ The same by REST:\s)?\w+\/\w+/;
const VERY_MANY = 90_000;
const QUIET_MS = 250;

let server, browser;
const people = {};
/** What the viewer's browser was answered. */
const answered = [];

before(async () => {
  if (missing) return;
  server = await Server.start(SECRETS);
  await server.import('ann', 'ben');
  await server.ok('group_open_http_svc/create_group', { Type: 'Public', GroupId: 'team', Name: 'Team', Owner_Account: 'ann' });
  await server.send('ann', 'ben', [{ MsgType: 'TIMTextElem', MsgContent: { Text: 'hello' } }]);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Somebody with a browser of their own. */
async function comes(name, link) {
  const { page, faults } = await browser.page();
  people[name] = { page, faults, settled: watch(page), ...hands(page) };
  await people[name].enter(link);
  return people[name];
}

/** Gives what waits until a page has loaded all that it asks for: nothing was under way for a while. The stream does not end. */
function watch(page) {
  const open = new Set();
  let last = Date.now();
  const note = (change) => (it) => {
    if (it.url().endsWith('/live')) return;
    open[change](it);
    last = Date.now();
  };
  page.on('request', note('add')).on('requestfinished', note('delete')).on('requestfailed', note('delete'));
  return async () => {
    last = Date.now();
    while (open.size > 0 || Date.now() - last < QUIET_MS) await page.evaluate(() => new Promise(requestAnimationFrame));
    await page.waitForFunction(() => document.querySelector('main h1') && !document.querySelector('main .t-is-loading'));
  };
}

const open = async ({ page, settled }, place) => {
  await page.goto(`${server.baseUrl}/console/#/${server.sdkappid}/${place}`);
  await settled();
};

story('an owner, an operator and a viewer', { skip: missing }, async (step) => {
  const links = {};
  await step('the owner makes one-time links for an operator and a viewer', async () => {
    const owner = await comes('owner', server.setupLink());
    await owner.go('Operators');
    for (const [name, role] of [['olga', 'operator'], ['vera', 'viewer']]) {
      await owner.page.getByLabel('Operator', { exact: true }).fill(name);
      await owner.page.getByRole('group', { name: 'Role' }).click();
      await owner.page.locator('.t-select-option:visible').filter({ hasText: new RegExp(`^${role}$`) }).click();
      await owner.press('Create');
      await owner.sees(`One-time link of ${name}`);
      links[name] = await owner.page.locator('pre').first().innerText();
      assert.match(links[name], /\/console\/#setup=/);
    }
    await browser.picture(owner.page, 'operators');
  });

  await step('the operator comes in by the link, which is good once', async () => {
    const olga = await comes('olga', links.olga);
    await olga.sees('olga · operator');
    const { page } = await browser.page();
    await page.goto(links.olga);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Password again').fill(PASSWORD);
    await hands(page).press('Set the password');
    await hands(page).sees('User, password or link is wrong');
    await page.close();
  });

  await step('the operator sends a message and mutes a user', async () => {
    const { olga } = people;
    await open(olga, 'messages?one=ann&other=ben');
    await olga.page.getByLabel('Text', { exact: true }).fill('from the operator');
    await olga.press('Send');
    await olga.page.getByRole('article').filter({ hasText: 'from the operator' }).waitFor();
    await browser.picture(olga.page, 'operator-sends');
    await open(olga, 'users/ben');
    await olga.press('Mute for ever');
    await olga.sees('∞');
    const muted = await server.ok('openconfigsvr/getnospeaking', { Get_Account: 'ben' });
    assert.equal(muted.C2CmsgNospeakingTime, 4294967295);
  });

  await step('the operator starts an export and downloads it', async () => {
    const { olga } = people;
    await olga.go('Users');
    await olga.press('Export all users');
    const work = olga.work('Export of all users');
    const file = await olga.saved(() => work.getByRole('button', { name: /^Download/ }).click());
    assert.deepEqual(file.text.split('\r\n').map((it) => it.split(',')[0]), ['user', 'administrator', 'ann', 'ben', '']);
    await browser.picture(olga.page, 'operator-exports');
  });

  await step('the operator cancels long work', async () => {
    const { olga } = people;
    await olga.press('Import from a file');
    await olga.give('many.csv', `user\n${Array.from({ length: VERY_MANY }, (_, it) => `many${it}`).join('\n')}\n`);
    await olga.press('Begin the import', olga.dialog());
    const work = olga.work('Import of users');
    await work.getByText('running', { exact: true }).waitFor();
    await browser.picture(olga.page, 'operator-cancels');
    await olga.press('Cancel', work);
    await work.getByText('cancelled', { exact: true }).waitFor();
  });

  await step('the operator sees keys, and nothing that is the owner’s', async () => {
    const { olga } = people;
    await olga.go('Apps');
    await olga.page.getByRole('row').filter({ hasText: String(server.sdkappid) }).getByRole('button', { name: /^Keys/ }).click();
    await olga.sees(server.key, olga.dialog());
    await olga.close();
    for (const name of [/^Create an app/, /^Disable/]) {
      assert.ok(await olga.page.getByRole('button', { name }).first().isDisabled(), `${name}`);
    }
    await browser.picture(olga.page, 'operator-apps');
    const navigation = olga.page.getByRole('navigation');
    assert.equal(await navigation.getByRole('link', { name: 'Operators' }).count(), 0);
    await open(olga, 'operators');
    await olga.sees('This needs the role owner');
    for (const [path, body] of [
      ['operators', undefined],
      ['operators', { user: 'eve', role: 'owner' }],
      ['operators/olga/role', { role: 'owner' }],
      ['operators/owner/link', {}],
      ['operators/owner/remove', {}],
      ['apps', { sdkappid: 1_400_000_099, name: 'Mine', admins: ['administrator'] }],
      [`apps/${server.sdkappid}/enabled`, { enabled: false }],
    ]) {
      const answer = await olga.call(path, body);
      assert.deepEqual([answer.status, answer.json.error.code], [403, 'forbidden'], path);
      assert.match(answer.json.error.message, /needs the role owner/, path);
    }
  });

  await step('the viewer sees every page, and no button there changes anything', async () => {
    const vera = await comes('vera', links.vera);
    vera.page.on('response', async (it) => {
      if (it.url().includes('/console/api/') && !it.url().endsWith('/live')) answered.push(await it.text().catch(() => ''));
    });
    await vera.sees('vera · viewer');
    const able = [];
    let unable = 0;
    for (const place of PAGES) {
      await open(vera, place);
      const names = await vera.page.locator('main button:enabled, main [role=button]:not([aria-disabled=true])')
        .evaluateAll((all) => all.map((it) => (it.getAttribute('aria-label') ?? it.innerText).trim()).filter(Boolean));
      able.push(...names.filter((it) => !HARMLESS.includes(it) && !COMMAND.test(it)).map((it) => `${place}: ${it}`));
      unable += await vera.page.locator('main .act[title^="This needs the role"] button:disabled').count();
      answered.push(await vera.page.locator('body').innerText());
      if (['users', 'groups/team', 'webhooks'].includes(place)) await browser.picture(vera.page, `viewer-${place.replace('/', '-')}`);
    }
    assert.deepEqual(able, []);
    assert.ok(unable > 100, `${unable} buttons say why they cannot be pressed`);
    await open(vera, 'users');
    const work = vera.work('Export of all users');
    await work.getByText('done', { exact: true }).waitFor();
    assert.ok(await work.getByRole('button', { name: /^Download/ }).isDisabled(), 'the file has all users at once');
    assert.equal(await vera.page.getByRole('navigation').getByRole('link', { name: /Audit log|Operators/ }).count(), 0);
    for (const place of ['audit', 'operators']) {
      await open(vera, place);
      await vera.sees(/This needs the role/);
    }
  });

  await step('the viewer’s direct calls are refused with a clear text', async () => {
    const { vera } = people;
    const { works } = (await vera.call(`apps/${server.sdkappid}/works`)).json;
    assert.deepEqual(works.map((it) => it.by), ['olga', 'olga']);
    const app = (path) => path.replace('{sdkappid}', server.sdkappid).replace('{user}', 'ann').replace('{group}', 'team')
      .replace('{service}', 'openim').replace('{command}', 'sendmsg').replace('{id}', works[0].id);
    // Every endpoint of the document that a viewer may not call, and a command that writes.
    const rows = readFileSync(new URL('../../docs/CONSOLE-API.md', import.meta.url), 'utf8')
      .matchAll(/^\| (GET|POST) \| `\/console\/api\/([^`]+)` \| (operator|owner)/gm);
    const refused = [...rows].map(([, method, path, role]) => [method, app(path), role]);
    assert.ok(refused.length > 20, `${refused.length}`);
    refused.push(['POST', `apps/${server.sdkappid}/commands/openim/sendmsg`, 'operator']);
    for (const [method, path, role] of refused) {
      const answer = await vera.call(path, method === 'POST' ? {} : undefined);
      answered.push(answer.text);
      assert.deepEqual([answer.status, answer.json?.error.code, answer.json?.error.message],
        [403, 'forbidden', `this needs the role ${role}`], `${method} ${path}`);
    }
    const read = await vera.call(`apps/${server.sdkappid}/commands/profile/portrait_get`, { To_Account: ['ann'], TagList: ['Tag_Profile_IM_Nick'] });
    assert.equal(read.json.answer.ErrorCode, 0, 'what only reads is allowed');
  });

  await step('no secret was shown to the viewer anywhere', () => {
    assert.ok(answered.length > 60, `${answered.length} answers and pages were looked at`);
    for (const it of [server.key, PASSWORD, ...Object.values(SECRETS), 'setup_token', 'argon2', 'whsec_']) {
      assert.ok(!answered.some((text) => text.includes(it)), `${it} was shown`);
    }
  });

  await step('a role that is taken away counts at once', async () => {
    const { owner, olga } = people;
    await owner.go('Operators');
    const row = owner.page.getByRole('row').filter({ hasText: 'olga' });
    await owner.press('→ viewer', row);
    await row.getByRole('button', { name: '→ operator', exact: true }).waitFor();
    const answer = await olga.call(`apps/${server.sdkappid}/works/export`, { what: 'users', form: 'csv' });
    assert.deepEqual([answer.status, answer.json.error.message], [403, 'this needs the role operator']);
    await browser.picture(owner.page, 'owner-demotes');
  });

  await step('the audit log says who did what, and no page had a fault', async () => {
    const { owner } = people;
    const { entries } = (await owner.call('audit?operator=olga')).json;
    const did = new Set(entries.map((it) => it.action));
    for (const it of ['setup', 'command', 'users.export', 'users.import', 'works.cancel', 'works.download', 'keys.show']) {
      assert.ok(did.has(it), `${it} of ${[...did].join(', ')}`);
    }
    const { entries: hers } = (await owner.call('audit?operator=vera')).json;
    assert.deepEqual(hers.map((it) => it.action), ['setup'], 'the viewer changed nothing');
    // A refusal is an error by the browser's own account.
    for (const { faults } of Object.values(people)) assert.deepEqual(faults.filter((it) => !/status of 40[13]/.test(it)), []);
  });
}, async () => {
  for (const [name, { page }] of Object.entries(people)) await browser.picture(page, `failed-${name}`);
});
