// The SDK in parts, as bundlers take it: what each module adds works, and what is left out says so.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { until } from './poll.mjs';
import { BARE, forEachSdk, MODULAR } from './sdks.mjs';

/** The answer of the SDK to a call of a module that is not there. */
const NO_MODULE = 2998;

forEachSdk('Modules', world => {
  let alice, bob;
  before(async () => {
    await world.server.import('alice', 'bob');
    [alice, bob] = [await world.open('alice'), await world.open('bob')];
  });

  test('groups', async () => {
    const from = bob.mark();
    const { TYPES } = alice.SDK;
    const made = await alice.chat.createGroup({ name: 'Parts', type: TYPES.GRP_WORK, groupID: 'parts', memberList: [{ userID: 'bob' }] });
    assert.equal(made.data.group.groupID, 'parts');
    await bob.wait('GROUP_LIST_UPDATED', list => list.some(it => it.groupID === 'parts'), { from });
    await alice.send(alice.compose('Text', 'parts', { text: 'in a group' }, { conversationType: TYPES.CONV_GROUP }));
    await bob.messageWithText('in a group', { from });
  });

  test('relations', async () => {
    const from = bob.mark();
    await world.server.ok('profile/portrait_set', {
      From_Account: 'bob', ProfileItem: [{ Tag: 'Tag_Profile_IM_AllowType', Value: 'AllowType_Type_AllowAny' }],
    });
    await alice.chat.addFriend({ to: 'bob', source: 'AddSource_Type_Web', type: alice.SDK.TYPES.SNS_ADD_TYPE_BOTH });
    await bob.wait('FRIEND_LIST_UPDATED', list => list.some(it => it.userID === 'alice'), { from });
    const { data } = await alice.chat.checkFriend({ userIDList: ['bob', 'carol'], type: alice.SDK.TYPES.SNS_CHECK_TYPE_BOTH });
    assert.equal(data.successUserIDList.find(it => it.userID === 'bob').relation, alice.SDK.TYPES.SNS_TYPE_BOTH_WAY);
  });

  test('following', async () => {
    await alice.chat.followUser(['bob']);
    const { data } = await alice.chat.checkFollowType(['bob']);
    assert.deepEqual(data.map(it => [it.userID, it.followType]), [['bob', 2]]);
  });

  test('searching', async () => {
    await alice.sendText('bob', 'a needle in it');
    const found = await alice.chat.searchCloudMessages({ keywordList: ['needle'] });
    assert.equal(found.data.totalCount, 1);
  });
}, { sdks: [MODULAR] });

forEachSdk('Without modules', world => {
  test('people can still talk, and whatever belongs to a module says that it is not there', async () => {
    await world.server.import('bob');
    const [alice, bob] = [await world.open('alice'), await world.open('bob')];
    const from = bob.mark();
    await alice.sendText('bob', 'hello');
    await bob.messageWithText('hello', { from });
    await until('it is unread', async () => (await bob.conversation('alice'))?.unreadCount === 1);
    for (const call of [
      () => alice.chat.createGroup({ name: 'x', type: alice.SDK.TYPES.GRP_WORK }),
      () => alice.chat.followUser(['bob']),
      () => alice.chat.searchCloudMessages({ keywordList: ['hello'] }),
      () => alice.chat.invite({ userID: 'bob' }),
    ]) await assert.rejects(async () => call(), error => (assert.equal(error.code, NO_MODULE), true));
    alice.assertFramesAreWellFormed();
  });
}, { sdks: [BARE] });
