// Named lists of friends. spec/client/commands/sns.group_add.yaml, sns.group_delete.yaml, sns.group_get.yaml,
// sns.group_update.yaml; spec/concepts/relationships.md 6.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { until } from './poll.mjs';
import { forEachSdk, SDKS } from './sdks.mjs';

const SETTINGS = { 'login.max_web_instances': 2 };

/** The lists of friends as a page knows them: name and members. */
async function groups(page) {
  const { data } = await page.chat.getFriendGroupList();
  return Object.fromEntries(data.map(it => [it.name, it.userIDList.toSorted()]));
}

/** In which lists a friend is, as a page knows it. */
async function groupsOf(page, friend) {
  const { data } = await page.chat.getFriendList();
  return data.find(it => it.userID === friend)?.groupList;
}

forEachSdk('Lists of friends', world => {
  let alice;
  let elsewhere;

  /** Waits until every page of the user knows in which lists the friend is. */
  async function everywhere(friend, lists) {
    for (const page of [alice, elsewhere]) {
      await until(`${friend} is in ${lists}`, async () => {
        const found = await groupsOf(page, friend);
        return found?.length === lists.length && lists.every(it => found.includes(it));
      });
    }
  }

  before(async () => {
    await world.server.import('alice', 'bob', 'carol', 'dave');
    const AddFriendItem = ['bob', 'carol'].map(it => ({ To_Account: it, AddSource: 'AddSource_Type_Test' }));
    await world.server.ok('sns/friend_import', { From_Account: 'alice', AddFriendItem });
    alice = await world.open('alice');
    elsewhere = await world.open('alice');
    for (const page of [alice, elsewhere]) await until('the friends are read', () => groupsOf(page, 'carol'));
  });

  test('a list is made with its first friends', async () => {
    const from = alice.mark();
    const { data } = await alice.chat.createFriendGroup({ name: 'Team', userIDList: ['bob', 'dave'] });
    assert.deepEqual([data.friendGroup.name, data.friendGroup.userIDList], ['Team', ['bob']]);
    assert.deepEqual(data.failureUserIDList.map(it => [it.userID, it.code]), [['dave', 32216]]);
    await alice.wait('FRIEND_GROUP_LIST_UPDATED', list => list.find(it => it.name === 'Team'), { from });
    assert.deepEqual(await groups(alice), { Team: ['bob'] });
    await everywhere('bob', ['Team']);
  });

  test('a list is made without anybody', async () => {
    const { data } = await alice.chat.createFriendGroup({ name: 'Chess ✿' });
    assert.deepEqual([data.friendGroup.name, data.friendGroup.userIDList, data.failureUserIDList], ['Chess ✿', [], []]);
  });

  test('friends are put into a list', async () => {
    const from = alice.mark();
    const { data } = await alice.chat.addToFriendGroup({ name: 'Chess ✿', userIDList: ['bob', 'carol'] });
    assert.deepEqual([data.friendGroup.userIDList.toSorted(), data.failureUserIDList], [['bob', 'carol'], []]);
    await alice.wait('FRIEND_GROUP_LIST_UPDATED', list => list.find(it => it.name === 'Chess ✿' && it.count === 2), { from });
    await everywhere('bob', ['Team', 'Chess ✿']);
    await everywhere('carol', ['Chess ✿']);
  });

  test('a list is renamed and keeps its friends', async () => {
    const { data } = await alice.chat.renameFriendGroup({ oldName: 'Chess ✿', newName: 'Go' });
    assert.deepEqual([data.name, data.userIDList.toSorted()], ['Go', ['bob', 'carol']]);
    await everywhere('bob', ['Team', 'Go']);
    await everywhere('carol', ['Go']);
  });

  test('friends are taken out of a list', async () => {
    const { data } = await alice.chat.removeFromFriendGroup({ name: 'Go', userIDList: ['bob'] });
    assert.deepEqual([data.friendGroup.userIDList, data.failureUserIDList], [['carol'], []]);
    await everywhere('bob', ['Team']);
  });

  test('a page that logs in later has all lists', async () => {
    elsewhere.page.close();
    elsewhere = await world.open('alice');
    await until('the lists are read after the login', async () => {
      const found = await groups(elsewhere);
      return found.Team?.join() === 'bob' && found.Go?.join() === 'carol';
    });
  });

  test('a list is deleted and its friends stay', async () => {
    const from = alice.mark();
    await alice.chat.deleteFriendGroup({ name: 'Team' });
    await alice.wait('FRIEND_GROUP_LIST_UPDATED', list => list.every(it => it.name !== 'Team'), { from });
    assert.deepEqual(await groups(alice), { Go: ['carol'] });
    await everywhere('bob', []);
    const { ResultItem } = await world.server.ok('sns/group_get', { From_Account: 'alice', NeedFriend: 'Need_Friend_Type_Yes' });
    assert.deepEqual(ResultItem, [{ GroupName: 'Go', FriendNumber: 1, To_Account: ['carol'] }]);
  });

  test('what the backend changes is told to all pages', async () => {
    await world.server.ok('sns/group_add', { From_Account: 'alice', GroupName: ['Go', 'New'], To_Account: ['bob'] });
    await everywhere('bob', ['Go', 'New']);
    await world.server.ok('sns/group_delete', { From_Account: 'alice', GroupName: ['Go'] });
    await everywhere('bob', ['New']);
    await everywhere('carol', []);
  });

  test('a friend who is blocked leaves friends and lists', async () => {
    const from = alice.mark();
    await alice.chat.addToBlacklist({ userIDList: ['bob'] });
    await alice.wait('BLACKLIST_UPDATED', list => list.includes('bob'), { from });
    await until('bob is no friend any more', async () => (await groupsOf(alice, 'bob')) === undefined);
    const { ResultItem } = await world.server.ok('sns/group_get', { From_Account: 'alice', NeedFriend: 'Need_Friend_Type_Yes' });
    assert.deepEqual(ResultItem, [{ GroupName: 'New', FriendNumber: 0, To_Account: [] }]);
  });

  test('what the rules forbid is refused', async () => {
    await alice.chat.createFriendGroup({ name: 'One' });
    const refused = [
      ['createFriendGroup', { name: 'x'.repeat(31) }, 30001],
      ['renameFriendGroup', { oldName: 'One', newName: 'x'.repeat(31) }, 30001],
    ];
    for (const [call, given, code] of refused) await assert.rejects(alice.chat[call](given), { code }, call);
    await world.server.ok('sns/group_add', { From_Account: 'alice', GroupName: ['Elsewhere'] });
    await assert.rejects(alice.chat.renameFriendGroup({ oldName: 'One', newName: 'Elsewhere' }), { code: 30001 });
  });
}, { settings: SETTINGS, sdks: SDKS.slice(0, 1) });
