// A page logs in, gets its empty lists, and then leaves the server in peace. spec/client/transport.md 3.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachSdk, SDKS, TEXT_FRAMES } from './sdks.mjs';

/** The first synchronisation asks about fifteen questions at once; a loop asks hundreds in the same time. */
const REQUESTS_PER_SECOND_MAX = 30;
const REPEATS_MAX = 3;

function busiestSecond(requests) {
  const counts = requests.map(from => requests.filter(it => it.at >= from.at && it.at < from.at + 1000).length);
  return Math.max(...counts);
}

function checkLogin(world) {
  test('a page logs in, is ready, and has an empty list and its own profile', async () => {
    const alice = await world.open();
    const answer = await alice.login('alice');
    assert.equal(answer.data.actionStatus, 'OK');
    await alice.synced();
    const { data: profile } = await alice.chat.getMyProfile();
    assert.equal(profile.userID, 'alice');
    assert.deepEqual(await alice.conversations(), []);
    assert.equal(alice.chat.getTotalUnreadMessageCount(), 0);
  });

  test('after the login the SDK asks each thing a few times at most, gets no error, and becomes silent', async () => {
    const bob = await world.open();
    await bob.login('bob');
    await bob.quiet();
    const requests = bob.requests();
    for (const command of new Set(requests.map(it => it.command))) {
      const times = requests.filter(it => it.command === command).length;
      assert.ok(times <= REPEATS_MAX, `${command}: ${times} times`);
    }
    assert.ok(busiestSecond(requests) <= REQUESTS_PER_SECOND_MAX, `${busiestSecond(requests)} requests in a second`);
    const refused = requests.map(it => [it.command, bob.answer(it)]).filter(([, answer]) => answer.ErrorCode !== 0);
    assert.deepEqual(refused.map(([command, { ErrorCode, ErrorInfo }]) => `${command}: ${ErrorCode} ${ErrorInfo}`), []);
    bob.assertFramesAreWellFormed();
    assert.deepEqual(bob.all('ERROR'), []);
  });

  test('the account exists for the backend after the first login', async () => {
    const carol = await world.open('carol');
    const check = { CheckItem: [{ UserID: carol.user }, { UserID: 'nobody' }] };
    const { ResultItem } = await world.server.ok('im_open_login_svc/account_check', check);
    assert.deepEqual(ResultItem.map(it => it.AccountStatus), ['Imported', 'NotImported']);
  });
}

forEachSdk('Login', checkLogin, { sdks: [...SDKS, ...TEXT_FRAMES] });

forEachSdk('Frames', world => {
  test('frames are text in both directions when the page asks for that', async () => {
    const alice = await world.open('alice');
    const bob = await world.open('bob');
    const sent = await alice.sendText('bob', 'in text');
    const got = await bob.messageWithText('in text');
    assert.equal(got.ID, sent.ID);
    for (const page of [alice, bob]) {
      assert.ok(page.wire.sent.every(it => it.binary === false));
      page.assertFramesAreWellFormed();
    }
  });
}, { sdks: TEXT_FRAMES });
