// Long work in the console: a file of users comes in, all users and groups go out, deliveries are repeated by their times.
// Needs `npm ci` in tests/browser. Pictures go to the folder MAGPIE_SCREENSHOTS.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { launch, missing } from '../browser/chromium.mjs';
import { story } from '../browser/story.mjs';
import { Server } from '../sdk/server.mjs';
import { Backend } from './backend.mjs';
import { hands } from './hands.mjs';

const COMMAND = 'C2C.CallbackAfterSendMsg';
/** Far from UTC, so that a page that mixes up times is found out. */
const ZONE = { id: 'Asia/Shanghai', ahead: 8 * 3600 };
const USERS = 3000;
/** More than is imported before somebody cancels. */
const VERY_MANY = 90_000;

let server, backend, browser, page, faults;
let go, press, sees, fill, dialog, sure, enter, work, give, saved, call;

before(async () => {
  if (missing) return;
  backend = new Backend();
  server = await Server.start({ 'webhooks.url': await backend.listen(), 'webhooks.commands': { [COMMAND]: true } }, undefined,
    ['--set', 'webhooks.allow_local=true']);
  browser = await launch();
  ({ page, faults } = await browser.page({ timezoneId: ZONE.id }));
  ({ go, press, sees, fill, dialog, sure, enter, work, give, saved, call } = hands(page));
});

after(async () => {
  await browser?.close();
  backend?.close();
  await server?.stop();
});

/** A second of Unix time as a field for a time wants it. */
const typed = (second) => new Date((second + ZONE.ahead) * 1000).toISOString().slice(0, 19);
const ends = (name, state) => work(name).getByText(state, { exact: true }).waitFor();
const bar = (name) => work(name).getByRole('progressbar');
/** Waits until the clock shows another second than the one of what was told last. */
async function nextSecond() {
  const now = Math.floor(Date.now() / 1000);
  await page.waitForFunction((it) => Date.now() >= it, (now + 1) * 1000 + 5);
  return now + 1;
}

story('long work', { skip: missing }, async (step) => {
  await step('a file of users is imported, and its faults are named', async () => {
    await enter(server.setupLink());
    await go('Users');
    await press('Import from a file');
    assert.ok(await dialog().getByRole('button', { name: /^Begin the import/ }).isDisabled(), 'without a file there is nothing to begin');
    const lines = Array.from({ length: USERS }, (_, it) => `user${it},Nick ${it},${it % 100}`);
    await give('users.csv', `user,nick,Tag_Profile_IM_Level\r\n${lines.join('\r\n')}\r\n=cmd,"'=HYPERLINK(1)",1\r\nlast,,no number\r\n`);
    await browser.picture(page, 'import');
    await press('Begin the import', dialog());
    await bar('Import of users').waitFor();
    await browser.picture(page, 'importing');
    await sees(/The same by REST/);
    await sees('im_open_login_svc/multiaccount_import');
    await ends('Import of users', 'done');
    await sees(`${USERS + 1} users imported`);
    await sees('lines that were not taken: 1');
    await sees(new RegExp(`Line ${USERS + 3}: .*Tag_Profile_IM_Level`));
    await page.getByRole('link', { name: 'user1', exact: true }).waitFor();
    await browser.picture(page, 'imported');
  });

  await step('somebody of them is found by the nickname, whatever its case', async () => {
    await page.getByRole('group', { name: 'Find by' }).click();
    await page.locator('.t-select-option:visible').filter({ hasText: 'Nickname' }).click();
    await fill('Begins with', 'NICK 299');
    await press('Search');
    await page.getByRole('link', { name: 'user1', exact: true }).waitFor({ state: 'detached' });
    assert.equal(await page.locator('tbody tr').count(), 11, 'user299 and user2990 to user2999');
  });

  await step('all users are exported, and the file is what a spreadsheet may open', async () => {
    await press('Export all users');
    const progress = bar('Export of all users');
    await progress.waitFor();
    await ends('Export of all users', 'done');
    const [now, max] = await Promise.all(['aria-valuenow', 'aria-valuemax'].map((it) => progress.getAttribute(it)));
    assert.deepEqual([now, max], [String(USERS + 2), String(USERS + 2)], 'with the administrator');
    await browser.picture(page, 'exported');
    const file = await saved(() => work('Export of all users').getByRole('button', { name: /^Download/ }).click());
    assert.equal(file.name, `users-${server.sdkappid}.csv`);
    const lines = file.text.trimEnd().split('\r\n');
    assert.equal(lines.length, USERS + 3);
    assert.ok(lines.some((it) => it.startsWith("'=cmd,'=HYPERLINK(1),")), 'no cell is a formula');
    assert.ok(!lines.some((it) => it.split(',').some((cell) => /^"?[=+@]/.test(cell))), 'no cell is a formula');
  });

  await step('an import that somebody cancels keeps what it did', async () => {
    await press('Import from a file');
    await give('many.ndjson', Array.from({ length: VERY_MANY }, (_, it) => `{"user":"many${it}"}`).join('\n'));
    await press('Begin the import', dialog());
    await ends('Import of users', 'running');
    await work('Import of users').locator('[role=progressbar]:not([aria-valuenow="0"])').waitFor();
    await browser.picture(page, 'cancelling');
    await press('Cancel', work('Import of users'));
    await ends('Import of users', 'cancelled');
    const [last] = (await call(`apps/${server.sdkappid}/works`)).json.works;
    assert.ok(last.count > 0 && last.count < VERY_MANY, JSON.stringify(last));
    const path = `apps/${server.sdkappid}/users?prefix=many${last.count - 1}`;
    assert.ok((await call(path)).json.users.length > 0, 'the last that was counted is there');
    await browser.picture(page, 'cancelled');
  });

  await step('all groups are exported', async () => {
    await server.ok('group_open_http_svc/create_group', { Type: 'Public', GroupId: 'team', Name: 'Team', Owner_Account: 'user1' });
    await go('Groups');
    await press('Export all groups');
    await ends('Export of all groups', 'done');
    await sees('group_open_http_svc/get_appid_group_list');
    const file = await saved(() => work('Export of all groups').getByRole('button', { name: /^Download/ }).click());
    assert.match(file.text, /^group,kind,name,owner,members,created_at,muted_all\r\nteam,Public,Team,user1,1,\d+,false\r\n$/);
    await browser.picture(page, 'groups');
  });

  let middle, end;
  await step('deliveries are repeated by their times', async () => {
    const text = (it) => [{ MsgType: 'TIMTextElem', MsgContent: { Text: it } }];
    await server.send('user1', 'user2', text('too early'));
    middle = await nextSecond();
    for (const it of ['one', 'two', 'three']) await server.send('user1', 'user2', text(it));
    end = await nextSecond();
    await server.send('user1', 'user2', text('too late'));
    await backend.count(5);
    await go('Webhooks');
    await page.getByText('Log', { exact: true }).click();
    await fill('From', typed(middle));
    await fill('Until', typed(end));
    await page.getByText('Also those delivered well').click();
    await press('Deliver them once more');
    await sure();
    await ends('Deliveries once more', 'done');
    await sees('3 events will be delivered once more');
    await backend.count(8);
    const again = backend.told.slice(5).map((it) => it.body.MsgBody[0].MsgContent.Text);
    assert.deepEqual(again, ['one', 'two', 'three']);
    await work('Deliveries once more').scrollIntoViewIfNeeded();
    await browser.picture(page, 'replayed');
  });

  await step('the command line repeats them by the same times', async () => {
    const iso = (second) => new Date(second * 1000).toISOString();
    const told = await server.command('webhook', 'replay', '--all', '--from', iso(middle), '--until', String(end));
    assert.equal(told, '3 events will be delivered once more');
    await backend.count(11);
    await assert.rejects(server.command('webhook', 'replay', '--all'), /required/);
    await assert.rejects(server.command('webhook', 'replay', '--from', 'yesterday'), /expected a time such as/);
  });

  await step('in Chinese, settings say in Chinese what they mean', async () => {
    await go('Settings');
    await sees('One message.');
    await press('中文');
    await sees('单条消息的最大字节数。');
    assert.equal(await page.getByText('One message.').count(), 0);
    await browser.picture(page, 'settings');
    await press('English');
    await sees('One message.');
  });

  await step('the audit log has every beginning and end, and the page had no fault', async () => {
    await go('Audit log');
    for (const it of ['users.import', 'users.export', 'works.cancel', 'works.download', 'groups.export', 'webhooks.replay']) {
      await sees(it);
    }
    // Who is not signed in yet is told so by an error of the browser's own.
    assert.deepEqual(faults.filter((it) => !/status of 401/.test(it)), []);
  });
}, async () => browser.picture(page, 'failed'));
