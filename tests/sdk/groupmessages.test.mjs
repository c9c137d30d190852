// Messages in groups. spec/client/commands/group_open_http_svc.*.yaml, spec/client/pushes.md 4 and 5.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { textBody } from './client.mjs';
import { COUNT, groupOf, groupPages } from './groupworld.mjs';
import { until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

forEachSdk('Group messages', world => {
  const { pages, fresh, group, compose, sendText, byBackend, conversation, history, exchange, readBack } = groupPages(world);
  let alice, bob, second;
  before(() => { ({ alice, bob, second } = pages); });

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

  test('no frame was of the wrong kind', () => {
    alice.assertFramesAreWellFormed();
    bob.assertFramesAreWellFormed();
  });
}, { settings: { 'login.max_web_instances': 4, 'groups.messages_per_second': 0 } });
