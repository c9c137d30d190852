// Communities with topics: making, changing, speaking in, reading and deleting them.
// spec/concepts/group-system.md 14; spec/client/commands/million_group_open_http_svc.*.yaml.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

const topicsOf = async (page, groupID) =>
  (await page.chat.getTopicList({ groupID })).data.successTopicList;

forEachSdk('Topics', world => {
  let ann, bob;
  let communities = 0;
  before(async () => {
    await world.server.import('ann', 'bob', 'carl');
    ann = await world.open('ann');
    bob = await world.open('bob');
  });

  /** A community of ann and bob, in which topics are spoken in. */
  async function community() {
    const groupID = `@TGS#_c${communities += 1}`;
    const from = bob.mark();
    await world.server.ok('group_open_http_svc/create_group', {
      Type: 'Community', GroupId: groupID, Name: 'Crowd', Owner_Account: 'ann', SupportTopic: 1,
      MemberList: [{ Member_Account: 'bob' }],
    });
    await bob.message(it => it.type === 'TIMGroupSystemNoticeElem' && it.payload.groupProfile.groupID === groupID, { from });
    for (const page of [ann, bob]) {
      await until(`${page.user} has the community`, async () =>
        (await page.chat.getJoinedCommunityList()).data.groupList.some(it => it.groupID === groupID));
    }
    return groupID;
  }

  async function topic(groupID, topicName) {
    const made = bob.wait('TOPIC_CREATED', it => it.groupID === groupID, { from: bob.mark() });
    const { topicID } = (await ann.chat.createTopicInCommunity({ groupID, topicName, customData: 'c' })).data;
    assert.equal((await made).topicID, topicID);
    return topicID;
  }

  const sendText = (page, topicID, text) =>
    page.send(page.compose('Text', topicID, { text }, { conversationType: page.SDK.TYPES.CONV_GROUP }));

  test('a topic that the owner makes is in the list of every member', async () => {
    const groupID = await community();
    const topicID = await topic(groupID, 'general');
    for (const page of [ann, bob]) {
      const found = (await topicsOf(page, groupID)).find(it => it.topicID === topicID);
      assert.deepEqual([found.topicName, found.customData, found.unreadCount], ['general', 'c', 0]);
    }
  });

  test('a member may not make one', async () => {
    const groupID = await community();
    await assert.rejects(bob.chat.createTopicInCommunity({ groupID, topicName: 'mine' }), { code: 10007 });
    assert.deepEqual(await topicsOf(ann, groupID), []);
  });

  test('what is said in one topic arrives there, and counts only there', async () => {
    const groupID = await community();
    const [first, second] = [await topic(groupID, 'first'), await topic(groupID, 'second')];
    await topicsOf(bob, groupID);
    const from = bob.mark();
    const sent = await sendText(ann, first, 'hello');
    const got = await bob.messageWithText('hello', { from });
    assert.deepEqual([got.ID, got.to, got.conversationID], [sent.ID, first, `GROUP${first}`]);
    await until('bob has one unread in the first', async () => {
      const counts = new Map((await topicsOf(bob, groupID)).map(it => [it.topicID, it.unreadCount]));
      return counts.get(first) === 1 && counts.get(second) === 0;
    });
    await bob.chat.setMessageRead({ conversationID: `GROUP${first}` });
    const fresh = await world.open('bob');
    const counts = (await topicsOf(fresh, groupID)).map(it => it.unreadCount);
    assert.deepEqual(counts, [0, 0]);
    await fresh.quiet();
    await fresh.chat.logout();
  });

  test('the history of a topic holds what was said in it', async () => {
    const groupID = await community();
    const [first, second] = [await topic(groupID, 'first'), await topic(groupID, 'second')];
    await sendText(ann, first, 'one');
    await sendText(bob, second, 'elsewhere');
    await sendText(bob, first, 'two');
    const { messageList } = (await bob.chat.getMessageList({ conversationID: `GROUP${first}` })).data;
    assert.deepEqual(messageList.map(it => it.payload.text), ['one', 'two']);
  });

  test('a message that is recalled in a topic is recalled for all', async () => {
    const groupID = await community();
    const topicID = await topic(groupID, 'first');
    const from = bob.mark();
    const sent = await sendText(ann, topicID, 'oops');
    await bob.messageWithText('oops', { from });
    await ann.chat.revokeMessage(sent);
    await bob.wait('MESSAGE_REVOKED', list => list.some(it => it.ID === sent.ID), { from });
  });

  test('a changed topic is told to the members', async () => {
    const groupID = await community();
    const topicID = await topic(groupID, 'old');
    await topicsOf(bob, groupID);
    const told = bob.wait('TOPIC_UPDATED', it => it.topic.topicID === topicID && it.topic.topicName === 'new', { from: bob.mark() });
    await ann.chat.updateTopicProfile({ groupID, topicID, topicName: 'new' });
    await told;
  });

  test('a deleted topic is gone for all', async () => {
    const groupID = await community();
    const [first, second] = [await topic(groupID, 'first'), await topic(groupID, 'second')];
    const told = bob.wait('TOPIC_DELETED', it => it.topicIDList.includes(first), { from: bob.mark() });
    const { successTopicList } = (await ann.chat.deleteTopicFromCommunity({ groupID, topicIDList: [first] })).data;
    assert.deepEqual(successTopicList.map(it => it.topicID ?? it), [first]);
    await told;
    assert.deepEqual((await topicsOf(bob, groupID)).map(it => it.topicID), [second]);
  });

  test('no frame was of the wrong kind', () => {
    for (const page of [ann, bob]) page.assertFramesAreWellFormed();
  });
}, { settings: { 'login.max_web_instances': 2 } });
