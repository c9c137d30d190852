// Friends and friend requests. spec/client/commands/sns.friend_*.yaml, sns.pendency_*.yaml; spec/client/pushes.md 2.2.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { until } from './poll.mjs';
import { forEachSdk, SDKS } from './sdks.mjs';

const LEVEL = 'Tag_SNS_Custom_Level';
const SETTINGS = {
  'login.max_web_instances': 2,
  'custom_fields.friend': [{ name: LEVEL, type: 'string' }],
};
const ASK = 'AllowType_Type_NeedConfirm';
const SENT = 'Pendency_Type_SendOut';
const RECEIVED = 'Pendency_Type_ComeIn';

const friends = async page => (await page.chat.getFriendList()).data;
const applications = async page => (await page.chat.getFriendApplicationList()).data;
const brief = it => ({ userID: it.userID, remark: it.remark, groupList: it.groupList, nick: it.profile.nick });

/** The entry of `user` in the list of a page, as soon as `fits` accepts it. */
const friend = (page, user, fits = () => true) => until(`${page.user} has ${user} as a friend`, async () => {
  const found = (await friends(page)).find(it => it.userID === user);
  return found && fits(found) && found;
});
const noFriend = (page, user) => until(`${page.user} does not have ${user} as a friend`, async () =>
  (await friends(page)).every(it => it.userID !== user));
/** The requests of a page, as soon as there are so many, of which so many are not read. */
const requests = (page, count, unread) => until(`${page.user} has ${count} requests, ${unread} of them new`, async () => {
  const { friendApplicationList: list, unreadCount } = await applications(page);
  return list.length === count && unreadCount === unread && list;
});

forEachSdk('Friends', world => {
  let alice;
  let elsewhere;
  let bob;
  const add = (page, to, more = {}) => page.chat.addFriend({
    to, source: 'AddSource_Type_Web', wording: `it is ${page.user}`, type: page.SDK.TYPES.SNS_ADD_TYPE_BOTH, ...more,
  });
  const allow = (user, type) => world.server.ok('profile/portrait_set', {
    From_Account: user, ProfileItem: [{ Tag: 'Tag_Profile_IM_AllowType', Value: type }],
  });

  before(async () => {
    const people = { alice: 'Alice', bob: 'Bob', carol: 'Carol', dave: 'Dave' };
    for (const [UserID, Nick] of Object.entries(people)) {
      await world.server.ok('im_open_login_svc/account_import', { UserID, Nick, FaceUrl: `https://cdn.example/${UserID}.png` });
    }
    alice = await world.open('alice');
    elsewhere = await world.open('alice');
    bob = await world.open('bob');
  });

  describe('at once', () => {
    test('who asks nobody is a friend at once, on all pages of both', async () => {
      const pages = [alice, elsewhere, bob];
      const marks = pages.map(page => page.mark());
      const { data } = await add(alice, 'bob', { remark: 'Bobby', groupName: 'Pals' });
      assert.deepEqual(data, { userID: 'bob', code: 0 });
      for (const [at, page] of pages.entries()) {
        const other = page === bob ? 'alice' : 'bob';
        await page.wait('FRIEND_LIST_UPDATED', list => list.some(it => it.userID === other && it.profile.nick), { from: marks[at] });
      }
      for (const page of [alice, elsewhere]) {
        assert.deepEqual(brief(await friend(page, 'bob')), { userID: 'bob', remark: 'Bobby', groupList: ['Pals'], nick: 'Bob' });
      }
      assert.deepEqual(brief(await friend(bob, 'alice')), { userID: 'alice', remark: '', groupList: [], nick: 'Alice' });
    });

    test('the data of a friend are read by name, those of a stranger are not', async () => {
      const { data: { friendList, failureUserIDList } } = await elsewhere.chat.getFriendProfile({ userIDList: ['bob', 'carol'] });
      const [it] = friendList;
      assert.deepEqual([it.userID, it.remark, it.source, it.profile.avatar], ['bob', 'Bobby', 'AddSource_Type_Web', 'https://cdn.example/bob.png']);
      assert.ok(Math.abs(it.addTime - Date.now() / 1000) < 60, `added at ${it.addTime}`);
      assert.deepEqual(failureUserIDList.map(it => it.userID), ['carol']);
    });

    test('remark and custom fields change here and on the other page', async () => {
      const from = elsewhere.mark();
      const friendCustomField = [{ key: LEVEL, value: 'gold' }];
      await alice.chat.updateFriend({ userID: 'bob', remark: 'Bob from work', friendCustomField });
      await elsewhere.wait('FRIEND_LIST_UPDATED', list => list.some(it => it.remark === 'Bob from work'), { from });
      for (const page of [alice, elsewhere]) {
        const it = await friend(page, 'bob');
        assert.deepEqual([it.remark, it.friendCustomField], ['Bob from work', friendCustomField]);
      }
      assert.equal((await friend(bob, 'alice')).remark, '', 'the other side keeps its own');
    });

    test('what a backend changes is told to all pages', async () => {
      await world.server.ok('sns/friend_update', {
        From_Account: 'alice',
        UpdateItem: [{ To_Account: 'bob', SnsItem: [{ Tag: 'Tag_SNS_IM_Remark', Value: 'B' }, { Tag: LEVEL, Value: 'red' }] }],
      });
      for (const page of [alice, elsewhere]) {
        const it = await friend(page, 'bob', it => it.remark === 'B');
        assert.deepEqual(it.friendCustomField, [{ key: LEVEL, value: 'red' }]);
      }
    });

    test('values that break the rules are refused', async () => {
      for (const field of [{ key: LEVEL, value: 'x'.repeat(501) }, { key: 'Tag_SNS_Custom_Other', value: 'x' }]) {
        await assert.rejects(alice.chat.updateFriend({ userID: 'bob', remark: 'half', friendCustomField: [field] }), { code: 30001 });
      }
      assert.equal((await friend(alice, 'bob')).remark, 'B');
    });

    test('who is a friend already cannot be added again, nor who refuses all or does not exist', async () => {
      await allow('dave', 'AllowType_Type_DenyAny');
      await assert.rejects(add(alice, 'bob'), { code: 30001 });
      await assert.rejects(add(alice, 'dave'), { code: 30516 });
      await assert.rejects(add(alice, 'nobody'), { code: 30003 });
      await assert.rejects(add(alice, 'alice'), { code: 30001 });
    });

    test('a new page finds the friends', async () => {
      const page = await world.open('bob');
      assert.equal((await friend(page, 'alice', it => it.profile.nick)).profile.nick, 'Alice');
      await page.chat.logout();
    });

    test('a friend that is deleted on one side stays on the other', async () => {
      const type = alice.SDK.TYPES.SNS_DELETE_TYPE_SINGLE;
      const { data } = await alice.chat.deleteFriend({ userIDList: ['bob', 'carol'], type });
      assert.deepEqual(data.successUserIDList, [{ userID: 'bob' }]);
      assert.deepEqual(data.failureUserIDList.map(it => it.userID), ['carol']);
      await Promise.all([alice, elsewhere].map(page => noFriend(page, 'bob')));
      await friend(bob, 'alice');
    });

    test('a friend that is deleted on both sides is gone everywhere', async () => {
      await add(alice, 'bob');
      await friend(elsewhere, 'bob');
      // An answer that was on its way when the friend was deleted would bring the friend back into a page.
      await Promise.all([elsewhere.quiet(), bob.quiet()]);
      await alice.chat.deleteFriend({ userIDList: ['bob'], type: alice.SDK.TYPES.SNS_DELETE_TYPE_BOTH });
      await Promise.all([noFriend(alice, 'bob'), noFriend(elsewhere, 'bob'), noFriend(bob, 'alice')]);
    });
  });

  describe('by a request', () => {
    let carol;
    before(async () => {
      await bob.chat.updateMyProfile({ allowType: ASK });
      await allow('carol', ASK);
      carol = await world.open('carol');
    });

    test('a request waits on all pages of both', async () => {
      const marks = [alice, elsewhere, bob].map(page => [page, page.mark()]);
      const { data } = await add(alice, 'bob', { remark: 'Bobby', groupName: 'Pals' });
      assert.deepEqual([data.userID, data.code], ['bob', 30539]);
      for (const [page, from] of marks) {
        await page.wait('FRIEND_APPLICATION_LIST_UPDATED', it => it.friendApplicationList.length === 1, { from });
      }
      for (const page of [alice, elsewhere]) {
        const [it] = await requests(page, 1, 0);
        assert.deepEqual([it.userID, it.type, it.nick, it.wording], ['bob', SENT, 'Bob', 'it is alice']);
      }
      const [it] = await requests(bob, 1, 1);
      assert.deepEqual([it.userID, it.type, it.nick, it.avatar, it.source], ['alice', RECEIVED, 'Alice', 'https://cdn.example/alice.png', 'AddSource_Type_Web']);
      assert.ok((await friends(alice)).every(it => it.userID !== 'bob'), 'nobody has a friend yet');
    });

    test('a request that is made again is still one', async () => {
      await add(alice, 'bob', { remark: 'Bobby', groupName: 'Pals', wording: 'please' });
      const [it] = await until('the new wording is there', async () => {
        const list = await requests(bob, 1, 1);
        return list[0].wording === 'please' && list;
      });
      assert.equal(it.userID, 'alice');
    });

    test('a page that comes later has the request, too', async () => {
      const page = await world.open('bob');
      const [it] = await requests(page, 1, 1);
      assert.deepEqual([it.userID, it.type, it.nick, it.wording], ['alice', RECEIVED, 'Alice', 'please']);
      await page.chat.logout();
    });

    test('a request that was read is no longer new, and stays', async () => {
      const from = bob.mark();
      await bob.chat.setFriendApplicationRead();
      await bob.wait('FRIEND_APPLICATION_LIST_UPDATED', it => it.unreadCount === 0 && it.friendApplicationList.length === 1, { from });
      const page = await world.open('bob');
      await requests(page, 1, 0);
      await page.chat.logout();
    });

    test('an accepted request makes friends of both', async () => {
      const type = bob.SDK.TYPES.SNS_APPLICATION_AGREE_AND_ADD;
      await bob.chat.acceptFriendApplication({ userID: 'alice', remark: 'Al', tag: 'Chess', type });
      for (const page of [alice, elsewhere]) {
        const it = await friend(page, 'bob', it => it.profile.nick);
        assert.deepEqual(brief(it), { userID: 'bob', remark: 'Bobby', groupList: ['Pals'], nick: 'Bob' });
      }
      const it = await friend(bob, 'alice', it => it.profile.nick);
      assert.deepEqual(brief(it), { userID: 'alice', remark: 'Al', groupList: ['Chess'], nick: 'Alice' });
      for (const page of [alice, elsewhere, bob]) await requests(page, 0, 0);
    });

    test('a request that is only agreed to gives the other side its friend', async () => {
      await add(alice, 'carol');
      await requests(carol, 1, 1);
      await carol.chat.acceptFriendApplication({ userID: 'alice', type: carol.SDK.TYPES.SNS_APPLICATION_AGREE });
      await friend(elsewhere, 'carol');
      await requests(carol, 0, 0);
      assert.deepEqual(await friends(carol), []);
      await alice.chat.deleteFriend({ userIDList: ['carol'], type: alice.SDK.TYPES.SNS_DELETE_TYPE_SINGLE });
    });

    test('a refused request is gone on both sides, and nobody has a friend', async () => {
      await add(alice, 'carol');
      await requests(carol, 1, 1);
      await carol.chat.refuseFriendApplication({ userID: 'alice' });
      for (const page of [alice, elsewhere, carol]) await requests(page, 0, 0);
      await noFriend(alice, 'carol');
      await assert.rejects(carol.chat.acceptFriendApplication({ userID: 'alice' }), { code: 30614 });
    });

    test('either side may delete a request', async () => {
      for (const [page, userID, type] of [[alice, 'carol', SENT], [carol, 'alice', RECEIVED]]) {
        await add(alice, 'carol');
        await Promise.all([requests(alice, 1, 0), requests(carol, 1, 1)]);
        await page.chat.deleteFriendApplication({ userID, type });
        for (const it of [alice, elsewhere, carol]) await requests(it, 0, 0);
      }
    });
  });

  test('a list of several pages is read as a whole', async () => {
    const Accounts = Array.from({ length: 50 }, (_, n) => `many${n}`);
    const more = Array.from({ length: 100 }, (_, n) => `more${n}`);
    await world.server.ok('im_open_login_svc/multiaccount_import', { Accounts });
    await world.server.ok('im_open_login_svc/multiaccount_import', { Accounts: more });
    const AddFriendItem = [...Accounts, ...more].map(it => ({ To_Account: it, AddSource: 'AddSource_Type_Import', GroupName: ['Many'] }));
    await world.server.ok('sns/friend_import', { From_Account: 'dave', AddFriendItem });
    const dave = await world.open('dave');
    const list = await until('all friends are there', async () => {
      const list = await friends(dave);
      return list.length === 150 && list;
    });
    assert.deepEqual([...new Set(list.flatMap(it => it.groupList))], ['Many']);
  });

  test('all frames were well formed', () => {
    for (const page of [alice, elsewhere, bob]) page.assertFramesAreWellFormed();
  });
}, { sdks: SDKS.filter(it => it.name === '@tencentcloud/chat'), settings: SETTINGS });
