// Logging out, and another user on the same page. spec/client/commands/im_open_status.wslogout.yaml.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachSdk } from './sdks.mjs';

forEachSdk('Logout', world => {
  test('after a logout the page gets nothing, and another user can log in on it', async () => {
    const peer = await world.open('peer');
    const page = await world.open('alice');
    await peer.sendText('alice', 'to alice');
    await page.messageWithText('to alice');

    await page.chat.logout();
    await page.wait('SDK_NOT_READY');
    const loggedOut = page.mark();
    await peer.sendText('alice', 'while logged out');

    await page.login('bob');
    await page.synced();
    assert.equal((await page.chat.getMyProfile()).data.userID, 'bob');
    assert.deepEqual(await page.conversations(), [], 'bob sees nothing of alice');
    await peer.sendText('bob', 'to bob');
    const got = await page.messageWithText('to bob', { from: loggedOut });
    assert.equal(got.to, 'bob');
    assert.ok(page.received(loggedOut).every(it => it.to === 'bob'));

    await page.chat.logout();
    await page.login('alice');
    await page.synced();
    await page.unread('peer', 2);
    assert.deepEqual(page.all('KICKED_OUT'), []);
  });

  test('the backend sees when a user comes and goes', async () => {
    const status = async () => {
      const { QueryResult } = await world.server.ok('openim/query_online_status', { To_Account: ['carol'] });
      return QueryResult[0].Status;
    };
    const carol = await world.open('carol');
    assert.equal(await status(), 'Online');
    await carol.chat.logout();
    assert.equal(await status(), 'Offline');
  });
});
