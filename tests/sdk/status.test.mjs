// The status that users see of one another. spec/concepts/accounts-and-status.md 5 and 6, spec/client/pushes.md 2.3.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

const ONLINE = 1;
const AWAY = 2;
const LOGGED_OUT = 3;
const GRACE_SECONDS = 2;
const SETTINGS = { 'login.max_web_instances': 2, 'status.offline_grace_seconds': GRACE_SECONDS };

/** Status and custom status of a user as another one reads them. */
async function seen(page, user) {
  const { data } = await page.chat.getUserStatus({ userIDList: [user] });
  return data.successUserList.map(it => [it.statusType, it.customStatus])[0];
}

/** Waits until a page is told that the user has this status. */
function told(page, user, status, custom, from) {
  const is = it => it.userID === user && it.statusType === status && it.customStatus === custom;
  return page.wait('USER_STATUS_UPDATED', list => list.find(is), { from });
}

forEachSdk('Status', world => {
  let alice;
  let bob;
  before(async () => {
    await world.server.import('carol', 'dave');
    bob = await world.open('bob');
  });

  test('a user who never logged in is logged out, and an unknown one is named', async () => {
    const { data } = await bob.chat.getUserStatus({ userIDList: ['carol', 'nobody'] });
    assert.deepEqual(data.successUserList, [{ userID: 'carol', statusType: LOGGED_OUT, customStatus: '' }]);
    assert.deepEqual(data.failureUserList.map(it => [it.userID, it.code]), [['nobody', 70107]]);
  });

  test('a subscriber is told of each change, other pages of the user of the custom status', async () => {
    alice = await world.open('alice');
    const second = await world.open('alice');
    const { data } = await bob.chat.subscribeUserStatus({ userIDList: ['alice', 'nobody'] });
    assert.deepEqual(data.failureUserList.map(it => [it.userID, it.code]), [['nobody', 70107]]);
    const from = bob.mark();
    await alice.chat.setSelfStatus({ customStatus: '忙 busy' });
    await told(bob, 'alice', ONLINE, '忙 busy', from);
    await told(second, 'alice', ONLINE, '忙 busy');
    assert.deepEqual(await seen(bob, 'alice'), [ONLINE, '忙 busy']);
    const { QueryResult: [found] } = await world.server.ok('openim/query_online_status', { To_Account: ['alice'], IsReturnCustomStatus: 1 });
    assert.deepEqual([found.Status, found.CustomStatus], ['Online', '忙 busy']);
    const quiet = bob.mark();
    await second.chat.logout();
    assert.deepEqual(await seen(bob, 'alice'), [ONLINE, '忙 busy']);
    assert.deepEqual(bob.all('USER_STATUS_UPDATED', quiet), [], 'the first page is still there');
  });

  test('a new page knows the custom status from its login', async () => {
    const third = await world.open('alice');
    const { data } = await third.chat.getUserStatus({ userIDList: ['alice'] });
    assert.equal(data.successUserList[0].customStatus, '忙 busy');
    await third.chat.logout();
  });

  test('a lost connection is told, and ends the custom status when the user stays away', async () => {
    const from = bob.mark();
    alice.page.close();
    await told(bob, 'alice', AWAY, '忙 busy', from);
    await told(bob, 'alice', AWAY, '', from);
    assert.deepEqual(await seen(bob, 'alice'), [AWAY, '']);
  });

  test('a login and a logout are told', async () => {
    await world.server.import('erin');
    await bob.chat.subscribeUserStatus({ userIDList: ['erin'] });
    let from = bob.mark();
    const erin = await world.open('erin');
    await told(bob, 'erin', ONLINE, '', from);
    await erin.chat.setSelfStatus({ customStatus: 'here' });
    await told(bob, 'erin', ONLINE, 'here', from);
    from = bob.mark();
    await erin.chat.logout();
    await told(bob, 'erin', LOGGED_OUT, '', from);
    assert.deepEqual(await seen(bob, 'erin'), [LOGGED_OUT, '']);
  });

  test('a kick by the backend ends the status', async () => {
    alice = await world.open('alice');
    await alice.chat.setSelfStatus({ customStatus: 'here' });
    await told(bob, 'alice', ONLINE, 'here');
    const from = bob.mark();
    await world.server.ok('im_open_login_svc/kick', { UserID: 'alice' });
    await told(bob, 'alice', LOGGED_OUT, '', from);
  });

  test('friends are told without a subscription', async () => {
    await world.server.ok('sns/friend_import', {
      From_Account: 'carol', AddFriendItem: [{ To_Account: 'dave', AddSource: 'AddSource_Type_Web' }],
    });
    const carol = await world.open('carol');
    const from = carol.mark();
    const dave = await world.open('dave');
    await told(carol, 'dave', ONLINE, '', from);
    await dave.chat.setSelfStatus({ customStatus: 'x' });
    await told(carol, 'dave', ONLINE, 'x', from);
  });

  test('who ended its subscriptions is told nothing more', async () => {
    await bob.chat.subscribeUserStatus({ userIDList: ['dave', 'carol'] });
    await bob.chat.unsubscribeUserStatus({ userIDList: ['dave'] });
    const [carol, dave] = [await world.open('carol'), await world.open('dave')];
    const from = bob.mark();
    await dave.chat.setSelfStatus({ customStatus: 'unheard' });
    await carol.chat.setSelfStatus({ customStatus: 'heard' });
    await told(bob, 'carol', ONLINE, 'heard', from);
    await bob.chat.unsubscribeUserStatus();
    await carol.chat.setSelfStatus({ customStatus: 'unheard' });
    await until('carol has another status', async () => (await seen(bob, 'carol'))[1] === 'unheard');
    assert.ok(bob.all('USER_STATUS_UPDATED', from).flat().every(it => it.customStatus !== 'unheard'));
  });
}, { settings: SETTINGS });

/** Long enough for the pages to come back after a restart. */
const LONG_GRACE_SECONDS = 8;
/** The telemetry report of the SDK is what makes it try again after an outage; by default it comes once a minute. */
const RESTART_SETTINGS = { 'status.offline_grace_seconds': LONG_GRACE_SECONDS, 'cloud.keys': { evt_rpt_waiting: '1000' } };

forEachSdk('Status after a restart', world => {
  test('custom status and subscriptions are kept for who comes back, and end for who stays away', async () => {
    const [bob, carol, dave] = [await world.open('bob'), await world.open('carol'), await world.open('dave')];
    await bob.chat.subscribeUserStatus({ userIDList: ['carol', 'dave'] });
    await carol.chat.setSelfStatus({ customStatus: 'kept' });
    await dave.chat.setSelfStatus({ customStatus: 'lost' });
    await told(bob, 'dave', ONLINE, 'lost');
    dave.page.close();
    await told(bob, 'dave', AWAY, 'lost');
    const from = bob.mark();
    await world.server.restart();
    const carolIs = custom => until(`carol shows ${custom}`, async () => {
      const found = await seen(bob, 'carol').catch(() => undefined);
      return found?.[0] === ONLINE && found[1] === custom;
    }, 3 * LONG_GRACE_SECONDS * 1000);
    await carolIs('kept');
    await told(bob, 'dave', AWAY, '', from);
    await carol.chat.setSelfStatus({ customStatus: 'again' });
    await told(bob, 'carol', ONLINE, 'again', from);
    carol.assertFramesAreWellFormed();
  });
}, { settings: RESTART_SETTINGS });
