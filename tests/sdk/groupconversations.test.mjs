// Conversations with groups: unread counts, receipts, the list, pins, and what an absent member finds.
// spec/client/commands/recentcontact.page_get.yaml, spec/client/pushes.md 4 and 5.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { c2c } from './client.mjs';
import { groupOf, groupPages } from './groupworld.mjs';
import { nextSecond, until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

forEachSdk('Conversations with groups', world => {
  const { pages, fresh, group, sendText, byBackend, conversation, unread, history, exchange } = groupPages(world);
  let alice, bob, second;
  before(() => { ({ alice, bob, second } = pages); });

  test('unread counts are the same on two pages and after a login, and reading on one reads on the other', async () => {
    const id = await group();
    for (const text of ['one', 'two', 'three']) await sendText(alice, id, text);
    for (const page of [bob, second, await fresh('bob')]) await unread(page, id, 3);
    await bob.chat.setMessageRead({ conversationID: groupOf(id) });
    for (const page of [bob, second, await fresh('bob')]) await unread(page, id, 0);
    await sendText(alice, id, 'four');
    for (const page of [bob, second, await fresh('bob')]) await unread(page, id, 1);
    await unread(alice, id, 0);
  });

  test('a recalled message counts no more', async () => {
    const id = await group();
    await sendText(alice, id, 'counts');
    const sent = await sendText(alice, id, 'counts not');
    await unread(bob, id, 2);
    await alice.chat.revokeMessage(sent);
    await unread(await fresh('bob'), id, 1);
  });

  test('everything is read at once', async () => {
    const ids = [await group(), await group()];
    for (const id of ids) await sendText(alice, id, 'unread');
    await sendText(alice, ids[0], 'unread too');
    await unread(bob, ids[0], 2);
    await bob.chat.setAllMessageRead();
    for (const id of ids) {
      for (const page of [bob, second, await fresh('bob')]) await unread(page, id, 0);
    }
  });

  test('a receipt that was asked for counts for the sender', async () => {
    const id = await group(['bob', 'dave']);
    const { sent, got } = await exchange(id, 'please confirm', { needReadReceipt: true });
    assert.equal(got.needReadReceipt, true);
    const told = alice.wait('MESSAGE_READ_RECEIPT_RECEIVED', list => list.find(it => it.messageID === sent.ID), { from: alice.mark() });
    await bob.chat.sendMessageReadReceipt([got]);
    const receipt = await told;
    assert.deepEqual([receipt.readCount, receipt.unreadCount], [1, 1]);
    const members = async filter => (await alice.chat.getGroupMessageReadMemberList({ message: sent, filter, count: 10, cursor: '' })).data;
    assert.deepEqual((await members(0)).readUserIDList, ['bob']);
    assert.deepEqual((await members(1)).unreadUserIDList, ['dave']);
  });

  test('a group is in the list with its last message, above what is older', async () => {
    const [older, newer] = [await group(), await group()];
    await exchange(older, 'said before');
    await nextSecond();
    await exchange(newer, 'said later');
    for (const page of [bob, await fresh('bob')]) {
      const list = (await page.conversations()).map(it => it.conversationID);
      assert.ok(list.indexOf(groupOf(newer)) < list.indexOf(groupOf(older)), page.user);
      const { lastMessage, groupProfile, type } = await conversation(page, newer);
      assert.deepEqual([lastMessage.payload.text, lastMessage.fromAccount, type], ['said later', 'alice', 'GROUP']);
      assert.equal(groupProfile.groupID, newer);
    }
  });

  test('a tip is a last message too', async () => {
    const id = await group();
    await exchange(id, 'said before');
    await world.server.ok('group_open_http_svc/modify_group_base_info', { GroupId: id, Name: 'New name' });
    const page = await fresh('bob');
    const { lastMessage, unreadCount } = await conversation(page, id);
    assert.equal(lastMessage.type, page.SDK.TYPES.MSG_GRP_TIP);
    assert.equal(unreadCount, 2);
  });

  test('a pinned group goes to the top, on all pages', async () => {
    const id = await group();
    await exchange(id, 'pin me');
    await nextSecond();
    await alice.sendText('bob', 'newer');
    await bob.chat.pinConversation({ conversationID: groupOf(id), isPinned: true });
    for (const page of [bob, second, await fresh('bob')]) {
      await until('it is pinned', async () => (await conversation(page, id)).isPinned === true);
      assert.equal((await page.conversations())[0].conversationID, groupOf(id));
    }
    await bob.chat.pinConversation({ conversationID: groupOf(id), isPinned: false });
    await until('it is not', async () => !(await conversation(second, id)).isPinned);
    assert.ok(await bob.conversation('alice'), c2c('alice'));
  });

  test('a deleted conversation is gone on all pages until its next message', async () => {
    const id = await group();
    await exchange(id, 'before');
    await bob.chat.deleteConversation(groupOf(id));
    for (const page of [bob, second, await fresh('bob')]) {
      await until('it is gone', async () => !(await conversation(page, id)));
    }
    assert.ok(await conversation(alice, id), 'others keep it');
    await exchange(id, 'after');
    for (const page of [bob, second, await fresh('bob')]) {
      await until('it is back', async () => (await conversation(page, id))?.lastMessage.payload.text === 'after');
    }
  });

  test('an absent member finds everything once, and the recalls too', async () => {
    const id = await group(['bob', 'erin']);
    const erin = await world.open('erin');
    await byBackend(id, 'alice', 'seen live');
    await erin.messageWithText('seen live');
    erin.page.close();
    const sent = [];
    for (const n of [1, 2, 3]) sent.push(await sendText(alice, id, `while you were away ${n}`));
    await alice.chat.revokeMessage(sent[1]);
    const back = await world.open('erin');
    await unread(back, id, 3);
    const { messageList, isCompleted } = await history(back, id);
    assert.equal(isCompleted, true);
    assert.deepEqual(messageList.map(it => it.sequence), [1, 2, 3, 4]);
    assert.deepEqual(messageList.map(it => it.isRevoked), [false, false, true, false]);
    assert.deepEqual(back.received().filter(it => it.to === id), [], 'nothing of it is told as new');
  });

  test('messages can be pinned for all members, and unpinned', async t => {
    if (!alice.chat.pinGroupMessage) return t.skip('this SDK pins no messages');
    const id = await group();
    const { sent, got } = await exchange(id, 'important');
    const pinned = bob.wait('PINNED_GROUP_MESSAGE_UPDATED', it => it.groupID === id && it, { from: bob.mark() });
    await alice.chat.pinGroupMessage({ groupID: id, message: sent, isPinned: true });
    await pinned;
    const listed = async page => {
      const { data } = await page.chat.getPinnedGroupMessageList(id);
      return data.messageList.map(it => it.ID);
    };
    assert.deepEqual(await listed(bob), [sent.ID]);
    await assert.rejects(bob.chat.pinGroupMessage({ groupID: id, message: got, isPinned: false }), { code: 10007 });
    const gone = bob.wait('PINNED_GROUP_MESSAGE_UPDATED', it => it.groupID === id && it, { from: bob.mark() });
    await alice.chat.pinGroupMessage({ groupID: id, message: sent, isPinned: false });
    await gone;
    assert.deepEqual(await listed(await fresh('bob')), []);
  });

  test('no frame was of the wrong kind', () => {
    alice.assertFramesAreWellFormed();
    bob.assertFramesAreWellFormed();
  });
}, { settings: { 'login.max_web_instances': 4, 'groups.messages_per_second': 0 } });
