// Blocklists. spec/client/commands/sns.black_list_add.yaml, sns.black_list_delete.yaml, sns.black_list_get.yaml;
// spec/concepts/relationships.md 7.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

const SETTINGS = { 'login.max_web_instances': 2 };

/** The user's blocklist as a page knows it, in the order of the letters. */
const blocklist = async page => (await page.chat.getBlacklist()).data.toSorted();
const isList = (...users) => list => list.length === users.length && users.every(it => list.includes(it));

forEachSdk('Blocklists', world => {
  let alice;
  let elsewhere;
  let bob;
  before(async () => {
    await world.server.import('carol', 'dave');
    alice = await world.open('alice');
    elsewhere = await world.open('alice');
    bob = await world.open('bob');
  });

  test('blocking is told to all pages of the user, and not to the blocked', async () => {
    const marks = [alice, elsewhere].map(page => [page, page.mark()]);
    const unaware = bob.mark();
    await alice.chat.addToBlacklist({ userIDList: ['bob', 'carol'] });
    for (const [page, from] of marks) {
      await page.wait('BLACKLIST_UPDATED', isList('bob', 'carol'), { from });
      assert.deepEqual(await blocklist(page), ['bob', 'carol']);
    }
    await bob.sendText('dave', 'whatever was pushed to bob came before this is answered');
    assert.deepEqual(bob.all('BLACKLIST_UPDATED', unaware), []);
    assert.deepEqual(await blocklist(bob), []);
  });

  test('a blocked user writes in vain and is not told so, while the owner may write', async () => {
    const from = alice.mark();
    const vain = await bob.sendText('alice', 'in vain');
    assert.equal(vain.status, 'success');
    await alice.sendText('bob', 'the other way');
    await bob.messageWithText('the other way');
    await world.server.send('dave', 'alice', [{ MsgType: 'TIMTextElem', MsgContent: { Text: 'from dave' } }]);
    await alice.messageWithText('from dave', { from });
    assert.deepEqual(alice.received(from).map(it => it.payload.text), ['from dave']);
  });

  test('a page that logs in later knows the list', async () => {
    elsewhere.page.close();
    elsewhere = await world.open('alice');
    await until('the list is read after the login', async () => isList('bob', 'carol')(await blocklist(elsewhere)));
  });

  test('unblocking is told to all pages, and messages arrive again', async () => {
    const marks = [alice, elsewhere].map(page => [page, page.mark()]);
    await alice.chat.removeFromBlacklist({ userIDList: ['bob'] });
    for (const [page, from] of marks) {
      await page.wait('BLACKLIST_UPDATED', isList('carol'), { from });
      assert.deepEqual(await blocklist(page), ['carol']);
    }
    await bob.sendText('alice', 'heard again');
    await alice.messageWithText('heard again');
    const { messageList } = await alice.history('bob');
    assert.ok(!messageList.some(it => it.payload.text === 'in vain'), 'what was written meanwhile is not delivered later');
  });

  test('what the backend blocks and unblocks is told to all pages', async () => {
    const marks = [alice, elsewhere].map(page => [page, page.mark()]);
    await world.server.ok('sns/black_list_add', { From_Account: 'alice', To_Account: ['dave'] });
    for (const [page, from] of marks) await page.wait('BLACKLIST_UPDATED', isList('carol', 'dave'), { from });
    await world.server.ok('sns/black_list_delete', { From_Account: 'alice', To_Account: ['dave', 'carol'] });
    for (const [page, from] of marks) await page.wait('BLACKLIST_UPDATED', isList(), { from });
  });

  test('who is blocked already, unknown or oneself changes nothing', async () => {
    await alice.chat.addToBlacklist({ userIDList: ['dave'] });
    await alice.wait('BLACKLIST_UPDATED', isList('dave'));
    const from = alice.mark();
    await alice.chat.addToBlacklist({ userIDList: ['dave', 'nobody'] });
    await alice.chat.removeFromBlacklist({ userIDList: ['carol', 'nobody'] });
    assert.deepEqual(await blocklist(alice), ['dave']);
    assert.deepEqual(alice.all('BLACKLIST_UPDATED', from), []);
  });
}, { settings: SETTINGS });
