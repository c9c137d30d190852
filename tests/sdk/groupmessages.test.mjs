// Messages in groups and their conversations. spec/client/commands/group_open_http_svc.*.yaml, recentcontact.page_get.yaml,
// spec/client/pushes.md 4 and 5.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { c2c, textBody } from './client.mjs';
import { nextSecond, until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

const groupOf = id => `GROUP${id}`;
/** Most messages that one call of getMessageList may bring. */
const PAGE_MAX = 21;
/** More than two pages of them. */
const COUNT = 45;

forEachSdk('Group messages', world => {
  let alice;
  let bob;
  let second;
  let groups = 0;
  before(async () => {
    await world.server.ok('im_open_login_svc/account_import', { UserID: 'alice', Nick: 'Alice', FaceUrl: 'https://cdn.example/a.png' });
    await world.server.import('bob', 'carol', 'dave', 'erin');
    alice = await world.open('alice');
    bob = await world.open('bob');
    second = await world.open('bob');
  });

  const opened = [];
  /** A page of the user that was never open before; the one that this gave before is closed. */
  async function fresh(user) {
    const old = opened.pop();
    if (old) {
      await old.chat.logout();
      old.page.close();
    }
    opened.push(await world.open(user));
    return opened[0];
  }

  /** A new group with alice as its owner, which the pages of its members know. */
  async function group(members = ['bob'], more = {}) {
    const id = `group${groups += 1}`;
    // Who is added is told; the owner is not, for a page knows what it made itself.
    const told = (members.includes('bob') ? [bob, second] : []).map(page =>
      page.wait('GROUP_LIST_UPDATED', list => list.some(it => it.groupID === id), { from: page.mark() }));
    await world.server.ok('group_open_http_svc/create_group', {
      Type: 'Public', GroupId: id, Name: `Group ${groups}`, Owner_Account: 'alice',
      MemberList: members.map(it => ({ Member_Account: it })), ...more,
    });
    await Promise.all(told);
    return id;
  }

  const compose = (page, kind, id, payload, more = {}) =>
    page.compose(kind, id, payload, { conversationType: page.SDK.TYPES.CONV_GROUP, ...more });
  const sendText = (page, id, text, more) => page.send(compose(page, 'Text', id, { text }, more));
  const byBackend = (id, from, text, more = {}) => world.server.ok('group_open_http_svc/send_group_msg', {
    GroupId: id, From_Account: from, Random: Math.floor(Math.random() * 2 ** 32), MsgBody: textBody(text), ...more,
  });
  const conversation = async (page, id) =>
    (await page.conversations()).find(it => it.conversationID === groupOf(id));
  const unread = (page, id, count) => until(`${page.user} has ${count} unread in ${id}`, async () =>
    ((await conversation(page, id))?.unreadCount ?? 0) === count);
  const history = async (page, id, nextReqMessageID) =>
    (await page.chat.getMessageList({ conversationID: groupOf(id), nextReqMessageID })).data;

  /** A text from alice, as alice and bob hold it. */
  async function exchange(id, text, more) {
    const from = bob.mark();
    const sent = await sendText(alice, id, text, more);
    return { sent, got: await bob.messageWithText(text, { from }) };
  }

  /** The whole history from the newest page to the oldest, in the order of time. */
  async function readBack(page, id) {
    const pages = [];
    let next;
    for (;;) {
      const { messageList, nextReqMessageID, isCompleted } = await history(page, id, next);
      assert.ok(messageList.length <= PAGE_MAX, `${messageList.length} on one page`);
      pages.unshift(messageList);
      if (isCompleted || pages.length > COUNT) return pages.flat();
      next = nextReqMessageID;
    }
  }

  test('a text has the same identity, number and content for sender and members', async () => {
    const id = await group();
    const marks = [bob.mark(), second.mark()];
    const sent = await sendText(alice, id, 'first', { cloudCustomData: '{"thread":1}' });
    for (const [page, from] of [[bob, marks[0]], [second, marks[1]]]) {
      const got = await page.messageWithText('first', { from });
      assert.deepEqual([got.ID, got.time, got.sequence, got.random], [sent.ID, sent.time, sent.sequence, sent.random]);
      assert.deepEqual([got.from, got.to, got.conversationID, got.flow], ['alice', id, groupOf(id), 'in']);
      assert.deepEqual([got.nick, got.avatar, got.cloudCustomData], ['Alice', 'https://cdn.example/a.png', '{"thread":1}']);
    }
    assert.equal(sent.status, 'success');
  });

  test('texts of several members arrive once each, in the order of their numbers', async () => {
    const id = await group();
    const from = [alice.mark(), bob.mark()];
    for (let n = 0; n < 10; n += 1) await sendText(n % 2 ? alice : bob, id, `turn ${n}`);
    await alice.messageWithText('turn 8', { from: from[0] });
    await bob.messageWithText('turn 9', { from: from[1] });
    const numbers = page => page.map(it => it.sequence);
    const got = [alice.received(from[0]), bob.received(from[1])].map(list => list.filter(it => it.to === id));
    assert.deepEqual(got[0].map(it => it.payload.text), ['turn 0', 'turn 2', 'turn 4', 'turn 6', 'turn 8']);
    assert.deepEqual(got[1].map(it => it.payload.text), ['turn 1', 'turn 3', 'turn 5', 'turn 7', 'turn 9']);
    for (const list of got) assert.deepEqual(numbers(list), numbers(list).toSorted((a, b) => a - b));
  });

  for (const [kind, payload, type] of [
    ['Custom', { data: '{"k":1}', description: 'said', extension: 'ext' }, 'TIMCustomElem'],
    ['Face', { index: 7, data: 'smile' }, 'TIMFaceElem'],
    ['Location', { description: 'Harbour', longitude: 114.0568, latitude: 22.5215 }, 'TIMLocationElem'],
  ]) {
    test(`a ${kind.toLowerCase()} message arrives with its payload`, async () => {
      const id = await group();
      const from = bob.mark();
      const sent = await alice.send(compose(alice, kind, id, payload));
      const got = await bob.message(it => it.ID === sent.ID, { from });
      assert.equal(got.type, type);
      for (const [name, value] of Object.entries(payload)) assert.equal(got.payload[name], value, name);
    });
  }

  test('a mention marks the conversation of who is mentioned until it is read', async () => {
    const id = await group(['bob', 'carol']);
    const carol = await fresh('carol');
    const from = bob.mark();
    const message = compose(alice, 'TextAt', id, { text: '@bob look', atUserList: ['bob'] });
    const sent = await alice.send(message);
    const got = await bob.message(it => it.ID === sent.ID, { from });
    assert.deepEqual(got.atUserList, ['bob']);
    const marked = await until('the conversation is marked', async () => {
      const found = await conversation(bob, id);
      return found?.groupAtInfoList?.length > 0 && found;
    });
    assert.deepEqual(marked.groupAtInfoList[0].from, 'alice');
    assert.deepEqual(marked.groupAtInfoList[0].messageSequence, sent.sequence);
    await bob.chat.setMessageRead({ conversationID: groupOf(id) });
    await until('the mark is gone', async () => (await conversation(bob, id)).groupAtInfoList.length === 0);
    const hers = await until('carol lists it', () => conversation(carol, id));
    assert.deepEqual(hers.groupAtInfoList ?? [], []);
  });

  test('a message of the backend arrives as one of the user it names', async () => {
    const id = await group();
    const from = bob.mark();
    const { MsgTime, MsgSeq } = await byBackend(id, 'alice', 'from the backend', { CloudCustomData: 'c' });
    const got = await bob.messageWithText('from the backend', { from });
    assert.deepEqual([got.from, got.time, got.sequence, got.cloudCustomData], ['alice', MsgTime, MsgSeq, 'c']);
  });

  test('an online-only message arrives and leaves no trace', async () => {
    const id = await group();
    await exchange(id, 'kept');
    const from = bob.mark();
    await alice.send(compose(alice, 'Text', id, { text: 'only now' }), { onlineUserOnly: true });
    await bob.messageWithText('only now', { from });
    const { messageList } = await history(await fresh('bob'), id);
    assert.deepEqual(messageList.filter(it => it.payload.text).map(it => it.payload.text), ['kept']);
  });

  test('who is no member may not send, and nothing is stored', async () => {
    const id = await group([]);
    const message = compose(bob, 'Text', id, { text: 'let me in' });
    await assert.rejects(bob.send(message), { code: 10007 });
    const { RspMsgList } = await world.server.ok('group_open_http_svc/group_msg_get_simple', { GroupId: id, ReqMsgNumber: 5 });
    assert.deepEqual(RspMsgList, []);
  });

  test('one pages back to the first message, without a gap and without a repetition', async () => {
    const id = await group(['bob', 'dave']);
    for (let n = 0; n < COUNT; n += 1) await byBackend(id, n % 3 ? 'alice' : 'bob', `message ${n}`);
    const dave = await fresh('dave');
    // The SDK reads the newest page of a group by itself, and mixes it up with one that is asked for meanwhile.
    await dave.quiet();
    const list = await readBack(dave, id);
    assert.deepEqual(list.map(it => it.payload.text), Array.from({ length: COUNT }, (_, n) => `message ${n}`));
    assert.deepEqual(list.map(it => it.sequence), Array.from({ length: COUNT }, (_, n) => n + 1));
    assert.equal(new Set(list.map(it => it.ID)).size, COUNT);
  });

  test('one can jump to a number and read on from there in both directions', async () => {
    const id = await group(['bob', 'dave']);
    for (let n = 1; n <= 12; n += 1) await byBackend(id, 'alice', `step ${n}`);
    const dave = await fresh('dave');
    const hop = async direction => {
      const { data } = await dave.chat.getMessageListHopping({ conversationID: groupOf(id), sequence: 6, direction, count: 4 });
      return data.messageList.map(it => it.sequence);
    };
    assert.deepEqual(await hop(0), [3, 4, 5, 6]);
    assert.deepEqual((await hop(1)).slice(0, 4), [6, 7, 8, 9]);
  });

  test('a recalled message is recalled for all, and stays so in history and list', async () => {
    const id = await group();
    const { sent, got } = await exchange(id, 'a slip');
    const marks = [bob.mark(), second.mark()];
    const recalled = await alice.chat.revokeMessage(sent);
    assert.equal(recalled.data.message.isRevoked, true);
    for (const [page, from] of [[bob, marks[0]], [second, marks[1]]]) {
      await page.wait('MESSAGE_REVOKED', list => list.some(it => it.ID === got.ID && it.isRevoked), { from });
    }
    const again = await fresh('bob');
    const { messageList } = await history(again, id);
    assert.equal(messageList.find(it => it.ID === sent.ID).isRevoked, true);
    assert.equal((await conversation(again, id)).lastMessage.isRevoked, true);
  });

  test('a member cannot recall what the owner said; the owner can recall what a member said', async () => {
    const id = await group();
    const { got } = await exchange(id, 'not yours');
    await assert.rejects(bob.chat.revokeMessage(got), { code: 10007 });
    const from = alice.mark();
    const sent = await sendText(bob, id, 'not allowed here');
    const hers = await alice.messageWithText('not allowed here', { from });
    const told = bob.wait('MESSAGE_REVOKED', list => list.some(it => it.ID === sent.ID), { from: bob.mark() });
    await alice.chat.revokeMessage(hers);
    await told;
  });

  test('a modified message has its new content for all, and a late change is refused', async () => {
    const id = await group();
    const { sent, got } = await exchange(id, 'first version');
    const told = bob.wait('MESSAGE_MODIFIED', list => list.find(it => it.ID === sent.ID), { from: bob.mark() });
    sent.payload.text = 'second version';
    await alice.chat.modifyMessage(sent);
    assert.equal((await told).payload.text, 'second version');
    // What bob holds is brought up to date by the push; a version that never was is not.
    await world.server.ok('openim/modify_group_msg', { GroupId: id, MsgSeq: sent.sequence, MsgBody: textBody('third version') });
    await until('bob has the third', () => got.payload.text === 'third version' || bob.all('MESSAGE_MODIFIED').flat().some(it => it.payload.text === 'third version'));
    const { messageList } = await history(await fresh('bob'), id);
    assert.equal(messageList.find(it => it.ID === sent.ID).payload.text, 'third version');
  });

  test('a deleted message is gone for who deleted it and for nobody else', async () => {
    const id = await group();
    const { got } = await exchange(id, 'away with it');
    await exchange(id, 'this stays');
    await bob.chat.deleteMessage([got]);
    const texts = async page => (await history(page, id)).messageList.map(it => it.payload.text);
    assert.deepEqual(await texts(await fresh('bob')), ['this stays']);
    assert.deepEqual(await texts(await fresh('alice')), ['away with it', 'this stays']);
  });

  test('cleared history is empty for who cleared it, until the next message', async () => {
    const id = await group();
    await exchange(id, 'old');
    await bob.chat.clearHistoryMessage(groupOf(id));
    assert.deepEqual((await history(await fresh('bob'), id)).messageList, []);
    await exchange(id, 'new');
    const texts = (await history(await fresh('bob'), id)).messageList.map(it => it.payload.text);
    assert.deepEqual(texts, ['new']);
    assert.equal((await history(await fresh('alice'), id)).messageList.length, 2);
  });

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
