// Following. spec/client/commands/follow.*.yaml; spec/client/pushes.md 2.4; spec/concepts/relationships.md 10.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { until } from './poll.mjs';
import { forEachSdk, SDKS } from './sdks.mjs';

const SETTINGS = { 'login.max_web_instances': 2, 'follow.max_following': 3 };
const LISTS = {
  MY_FOLLOWERS_LIST_UPDATED: 'getMyFollowersList',
  MY_FOLLOWING_LIST_UPDATED: 'getMyFollowingList',
  MUTUAL_FOLLOWERS_LIST_UPDATED: 'getMutualFollowersList',
};

/** Followers, followed and mutual ones of a page's user, by the order of the answer. */
async function lists(page) {
  const found = [];
  for (const call of Object.values(LISTS)) {
    const { data } = await page.chat[call]();
    assert.equal(data.nextCursor, '', `${call} is complete`);
    found.push(data.resultList.map(it => it.userID));
  }
  return found;
}

/** How many followers, followed and mutual ones a user has; without one, the page's own. */
async function counts(page, user) {
  const { data: [it] } = await page.chat.getUserFollowInfo(user && [user]);
  return [it.followersCount, it.followingCount, it.mutualFollowersCount];
}

async function type(page, user) {
  const { data: [it] } = await page.chat.checkFollowType([user]);
  return it.followType;
}

forEachSdk('Following', world => {
  let alice;
  let elsewhere;
  let bob;

  /** Waits for an event in which the list lost or won the other. */
  async function told(page, from, event, other, isAdd) {
    const { userInfoList: [it] } = await page.wait(event, data => data.isAdd === isAdd && data, { from });
    assert.equal(isAdd ? it.userID : it, other);
    return it;
  }

  before(async () => {
    await world.server.ok('im_open_login_svc/account_import', { UserID: 'bob', Nick: 'Bob', FaceUrl: 'https://cdn.example/b.png' });
    await world.server.import('carol', 'dave', 'erin');
    alice = await world.open('alice');
    elsewhere = await world.open('alice');
    bob = await world.open('bob');
  });

  test('a follow is told to all pages of both users', async () => {
    const [a, e, b] = [alice.mark(), elsewhere.mark(), bob.mark()];
    const { data: [result] } = await alice.chat.followUser(['bob']);
    assert.deepEqual([result.userID, result.resultCode], ['bob', 0]);
    for (const [page, from] of [[alice, a], [elsewhere, e]]) {
      const { nick, avatar, followTime } = await told(page, from, 'MY_FOLLOWING_LIST_UPDATED', 'bob', true);
      assert.deepEqual([nick, avatar, typeof followTime], ['Bob', 'https://cdn.example/b.png', 'number']);
    }
    await told(bob, b, 'MY_FOLLOWERS_LIST_UPDATED', 'alice', true);
    assert.deepEqual(await lists(alice), [[], ['bob'], []]);
    assert.deepEqual(await lists(bob), [['alice'], [], []]);
    assert.deepEqual([await type(alice, 'bob'), await type(bob, 'alice')], [2, 1]);
    assert.deepEqual(alice.all('MUTUAL_FOLLOWERS_LIST_UPDATED', a), []);
  });

  test('following back makes it mutual', async () => {
    const [a, b] = [alice.mark(), bob.mark()];
    await bob.chat.followUser(['alice']);
    await told(alice, a, 'MY_FOLLOWERS_LIST_UPDATED', 'bob', true);
    await told(alice, a, 'MUTUAL_FOLLOWERS_LIST_UPDATED', 'bob', true);
    await told(bob, b, 'MY_FOLLOWING_LIST_UPDATED', 'alice', true);
    await told(bob, b, 'MUTUAL_FOLLOWERS_LIST_UPDATED', 'alice', true);
    assert.deepEqual(await lists(alice), [['bob'], ['bob'], ['bob']]);
    assert.deepEqual([await type(alice, 'bob'), await type(bob, 'alice')], [3, 3]);
    assert.deepEqual([await counts(alice), await counts(alice, 'bob')], [[1, 1, 1], [1, 1, 1]]);
  });

  test('a list shows whom one follows with their profiles', async () => {
    const { data: { resultList: [it] } } = await alice.chat.getMyFollowingList();
    assert.deepEqual([it.userID, it.nick, it.avatar, typeof it.followTime], ['bob', 'Bob', 'https://cdn.example/b.png', 'number']);
  });

  test('following again is a success that nobody is told of', async () => {
    const [a, b] = [alice.mark(), bob.mark()];
    const { data: [result] } = await alice.chat.followUser(['bob']);
    assert.equal(result.resultCode, 0);
    await alice.sendText('bob', 'after it');
    await bob.messageWithText('after it');
    for (const event of Object.keys(LISTS)) assert.deepEqual([alice.all(event, a), bob.all(event, b)], [[], []]);
  });

  test('what the backend does is told to the pages', async () => {
    const from = alice.mark();
    await world.server.ok('follow/follow_add', { From_Account: 'carol', FollowItem: [{ To_Account: 'alice' }] });
    await told(alice, from, 'MY_FOLLOWERS_LIST_UPDATED', 'carol', true);
    assert.deepEqual((await lists(alice))[0].toSorted(), ['bob', 'carol']);
    assert.equal(await type(alice, 'carol'), 1);
  });

  test('unfollowing ends what was mutual', async () => {
    const [a, e, b] = [alice.mark(), elsewhere.mark(), bob.mark()];
    const { data: [result] } = await alice.chat.unfollowUser(['bob']);
    assert.deepEqual([result.userID, result.resultCode], ['bob', 0]);
    for (const [page, from] of [[alice, a], [elsewhere, e]]) {
      await told(page, from, 'MY_FOLLOWING_LIST_UPDATED', 'bob', false);
      await told(page, from, 'MUTUAL_FOLLOWERS_LIST_UPDATED', 'bob', false);
    }
    await told(bob, b, 'MY_FOLLOWERS_LIST_UPDATED', 'alice', false);
    await told(bob, b, 'MUTUAL_FOLLOWERS_LIST_UPDATED', 'alice', false);
    assert.deepEqual(await lists(bob), [[], ['alice'], []]);
    assert.deepEqual([await type(alice, 'bob'), await counts(bob)], [1, [0, 1, 0]]);
  });

  test('users of a batch succeed and fail one by one', async () => {
    const { data } = await alice.chat.followUser(['carol', 'nobody', 'dave', 'bob', 'erin']);
    assert.deepEqual(data.map(it => [it.userID, it.resultCode]),
      [['carol', 0], ['nobody', 30003], ['dave', 0], ['bob', 0], ['erin', 32100]]);
    assert.deepEqual((await lists(alice))[1].toSorted(), ['bob', 'carol', 'dave']);
    const { data: left } = await alice.chat.unfollowUser(['nobody', 'erin', 'dave']);
    assert.deepEqual(left.map(it => it.resultCode), [0, 0, 0]);
  });

  test('an app without following does not offer it', async () => {
    await world.server.set({ 'follow.enabled': false });
    assert.equal((await alice.ask('follow.follow_add', { To_Account: ['dave'] })).ErrorCode, 60017);
    await until('the open page is told', () =>
      alice.wire.received.some(it => it.head.servcmd === 'im_sdk_config_mgr.push_imsdk_purchase_bitsv2'));
    await assert.rejects(alice.chat.followUser(['dave']), error => error.code !== 60017, 'from then on its SDK refuses');
    const carol = await world.open('carol');
    await assert.rejects(carol.chat.followUser(['dave']), error => error.code !== 60017, 'the SDK itself refuses');
  });
}, { settings: SETTINGS, sdks: SDKS.slice(0, 1) });
