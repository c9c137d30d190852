// Logins that fail and sessions that end. spec/concepts/accounts-and-status.md 4 and 4.1, usersig.md 4.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';
import { makeUserSig, now } from './usersig.mjs';

/** Tokens that a login must refuse: what is wrong with it, the token, and the code. */
const REFUSED = [
  ['an expired token', server => server.sig('mallory', { time: now() - 100, expire: 50 }), 70001],
  ['a token made with another key', server => server.sig('mallory', { key: 'f'.repeat(64) }), 70009],
  ['a token of another user', server => server.sig('alice'), 70013],
  ['a token of another app', server => makeUserSig({ sdkappid: 1_499_999_999, key: server.key, user: 'mallory' }), 70014],
  ['a text that is no token', () => 'eJyrVgrx-nonsense', 70003],
];

forEachSdk('Logins that fail', world => {
  for (const [what, token, code] of REFUSED) {
    test(`${what} is refused with ${code}, and a good one is accepted on the same page`, async () => {
      const page = await world.open();
      await assert.rejects(page.chat.login({ userID: 'mallory', userSig: token(world.server) }), { code });
      assert.equal(page.all('SDK_READY').length, 0);
      await page.login('mallory');
    });
  }
});

forEachSdk('Sessions that end', world => {
  let witness;
  before(async () => {
    await world.server.import('alice');
    witness = await world.open('witness');
  });

  const kickedOut = (page, type) => page.wait('KICKED_OUT', it => it.type === page.SDK.TYPES[type] && it);

  test('a second page takes the place of the first, which is told so and gets nothing more', async () => {
    const first = await world.open('alice');
    const second = await world.open('alice');
    await kickedOut(first, 'KICKED_OUT_MULT_ACCOUNT');
    await first.wait('SDK_NOT_READY');
    await witness.sendText('alice', 'who is there?');
    await second.messageWithText('who is there?');
    assert.deepEqual(first.received(), []);
    assert.deepEqual(second.all('KICKED_OUT'), []);
    await first.login('alice');
    await kickedOut(second, 'KICKED_OUT_MULT_ACCOUNT');
  });

  test('with room for two pages the third takes the place of the oldest', async () => {
    await world.server.set({ 'login.max_web_instances': 2 });
    const [first, second, third] = [await world.open('bob'), await world.open('bob'), await world.open('bob')];
    await kickedOut(first, 'KICKED_OUT_MULT_ACCOUNT');
    await witness.sendText('bob', 'to the two');
    for (const page of [second, third]) {
      await page.messageWithText('to the two');
      assert.deepEqual(page.all('KICKED_OUT'), []);
    }
    await world.server.set({ 'login.max_web_instances': 1 });
  });

  test('a kick by the backend ends the session and the old token, and a new token works', async () => {
    const old = world.server.sig('carol', { time: now() - 10 });
    const carol = await world.open('carol', old);
    await world.server.ok('im_open_login_svc/kick', { UserID: 'carol' });
    await kickedOut(carol, 'KICKED_OUT_REST_API');
    await witness.sendText('carol', 'gone?');
    await assert.rejects(carol.login('carol', old), { code: 70001 });
    await carol.login('carol', world.server.sig('carol'));
    await carol.unread('witness', 1);
    assert.deepEqual(carol.received(), []);
  });

  test('a session ends with its token', async () => {
    const dave = await world.open('dave', world.server.sig('dave', { expire: 2 }));
    const ended = kickedOut(dave, 'KICKED_OUT_USERSIG_EXPIRED');
    let asked = 0;
    await until('dave is told', async () => {
      // The end of a token is noticed at the next request; a profile that is known already needs none.
      await dave.chat.getUserProfile({ userIDList: [`somebody ${asked += 1}`] }).catch(() => {});
      return dave.all('KICKED_OUT').length > 0;
    });
    await ended;
  });

  test('the backend deletes an account: its pages are told, and a new token makes it anew', async () => {
    const erin = await world.open('erin', world.server.sig('erin', { time: now() - 10 }));
    await world.server.ok('im_open_login_svc/account_delete', { DeleteItem: [{ UserID: 'erin' }] });
    await kickedOut(erin, 'KICKED_OUT_REST_API');
    await erin.login('erin', world.server.sig('erin'));
    await erin.synced();
    assert.deepEqual(await erin.conversations(), []);
  });
});
