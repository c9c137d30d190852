// Extensions of messages and reactions to them. spec/client/commands/openim_msg_ext_http_svc.*.yaml, spec/client/pushes.md 7.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { groupPages } from './groupworld.mjs';
import { until } from './poll.mjs';
import { SDKS, forEachSdk } from './sdks.mjs';

const SETTINGS = { 'login.max_web_instances': 4, 'groups.messages_per_second': 0 };
const pair = (key, value) => ({ key, value });
const codes = ({ data }) => data.extensions.map(it => it.code);
const byKey = list => list.map(it => pair(it.key, it.value)).toSorted((a, b) => (a.key < b.key ? -1 : 1));

/** The ways to send a message that alice and both pages of bob then hold: to bob, and to a group with him. */
function ways(world) {
  const { pages, group, compose, exchange, fresh, history } = groupPages(world);
  async function oneToOne(text, more) {
    const marks = [pages.bob, pages.second].map(it => it.mark());
    const sent = await pages.alice.sendText('bob', text, more);
    const [got, second] = await Promise.all([pages.bob, pages.second].map((it, nr) => it.messageWithText(text, { from: marks[nr] })));
    return { sent, got, second };
  }
  async function inGroup(text, more) {
    const id = await group();
    const from = pages.second.mark();
    const { sent, got } = await exchange(id, text, more);
    return { id, sent, got, second: await pages.second.messageWithText(text, { from }) };
  }
  return { pages, fresh, history, compose, kinds: { 'one-to-one': oneToOne, group: inGroup } };
}

forEachSdk('Extensions', world => {
  const { pages, fresh, history, kinds } = ways(world);
  let alice, bob, second;
  before(() => { ({ alice, bob, second } = pages); });
  const told = (page, name, ID, from) => page.wait(name, data => data.messageID === ID && data, { from });

  for (const [kind, send] of Object.entries(kinds)) {
    const open = text => send(`${kind} ${text}`, { isSupportExtension: true });

    test(`what one sets on a ${kind} message the other is told, and can read`, async () => {
      const { sent, got } = await open('set');
      assert.deepEqual([sent.isSupportExtension, got.isSupportExtension], [true, true]);
      const marks = [bob.mark(), second.mark()];
      const done = await alice.chat.setMessageExtensions(sent, [pair('a', '1'), pair('b', '2')]);
      assert.deepEqual(codes(done), [0, 0]);
      for (const [page, from] of [[bob, marks[0]], [second, marks[1]]]) {
        const data = await told(page, 'MESSAGE_EXTENSIONS_UPDATED', sent.ID, from);
        assert.deepEqual(byKey(data.extensions), [pair('a', '1'), pair('b', '2')]);
      }
      const { data } = await bob.chat.getMessageExtensions(got);
      assert.deepEqual(byKey(data.extensions), [pair('a', '1'), pair('b', '2')]);
      assert.deepEqual(alice.all('MESSAGE_EXTENSIONS_UPDATED').filter(it => it.messageID === sent.ID), []);
    });

    test(`each changes in turn what the other set on a ${kind} message`, async () => {
      const { sent, got } = await open('turns');
      for (let n = 0; n < 6; n += 1) {
        const [page, other, message] = n % 2 ? [bob, alice, got] : [alice, bob, sent];
        const from = other.mark();
        assert.deepEqual(codes(await page.chat.setMessageExtensions(message, [pair('turn', String(n))])), [0]);
        await told(other, 'MESSAGE_EXTENSIONS_UPDATED', sent.ID, from);
      }
      const { data } = await alice.chat.getMessageExtensions(sent);
      assert.deepEqual(byKey(data.extensions), [pair('turn', '5')]);
    });

    test(`who does not know the newest pair of a ${kind} message is refused and told it`, async () => {
      const { sent } = await open('race');
      await world.server.ok(...byBackend(kind, sent, [{ Key: 'k', Value: 'first' }]));
      const late = await fresh('bob');
      const { messageList } = kind === 'group' ? await history(late, sent.to) : await late.history('alice');
      const message = messageList.find(it => it.ID === sent.ID);
      assert.equal(message.isSupportExtension, true, 'the history says that it may have extensions');
      const { data } = await late.chat.setMessageExtensions(message, [pair('k', 'mine')]);
      assert.deepEqual(data.extensions, [{ code: 23001, key: 'k', value: 'first' }]);
      assert.deepEqual(codes(await late.chat.setMessageExtensions(message, [pair('k', 'mine')])), [0]);
    });

    test(`what one deletes from a ${kind} message is gone for both, and can be set again`, async () => {
      const { sent, got } = await open('delete');
      await alice.chat.setMessageExtensions(sent, [pair('a', '1'), pair('b', '2')]);
      await told(bob, 'MESSAGE_EXTENSIONS_UPDATED', sent.ID, 0);
      const from = alice.mark();
      assert.deepEqual(codes(await bob.chat.deleteMessageExtensions(got, ['a'])), [0]);
      assert.deepEqual((await told(alice, 'MESSAGE_EXTENSIONS_DELETED', sent.ID, from)).keyList, ['a']);
      const left = await alice.chat.getMessageExtensions(sent);
      assert.deepEqual(byKey(left.data.extensions), [pair('b', '2')]);
      assert.deepEqual(codes(await alice.chat.setMessageExtensions(sent, [pair('a', '3')])), [0]);
      assert.deepEqual(codes(await bob.chat.deleteMessageExtensions(got, ['never'])), [23004]);
    });

    test(`clearing a ${kind} message leaves nothing, and who cleared it can go on`, async () => {
      const { sent, got } = await open('clear');
      await alice.chat.setMessageExtensions(sent, [pair('a', '1'), pair('b', '2')]);
      await told(bob, 'MESSAGE_EXTENSIONS_UPDATED', sent.ID, 0);
      const from = bob.mark();
      await alice.chat.deleteMessageExtensions(sent);
      assert.deepEqual((await told(bob, 'MESSAGE_EXTENSIONS_DELETED', sent.ID, from)).keyList.toSorted(), ['a', 'b']);
      assert.deepEqual((await bob.chat.getMessageExtensions(got)).data.extensions, []);
      assert.deepEqual(codes(await alice.chat.setMessageExtensions(sent, [pair('a', 'new')])), [0]);
      await until('bob reads the new one', async () => {
        const { data } = await bob.chat.getMessageExtensions(got);
        return data.extensions.length === 1 && data.extensions[0].value === 'new';
      });
    });

    test(`a backend's change of a ${kind} message reaches both`, async () => {
      const { sent } = await open('backend');
      const marks = [alice.mark(), bob.mark()];
      await world.server.ok(...byBackend(kind, sent, [{ Key: 'status', Value: 'done' }]));
      for (const [page, from] of [[alice, marks[0]], [bob, marks[1]]]) {
        const data = await told(page, 'MESSAGE_EXTENSIONS_UPDATED', sent.ID, from);
        assert.deepEqual(byKey(data.extensions), [pair('status', 'done')]);
      }
    });
  }

  const keyOf = it => `${it.clientSequence}_${it.random}_${it.time}`;
  function byBackend(kind, sent, list) {
    const more = { OperateType: 1, ExtensionList: list };
    return kind === 'group'
      ? ['openim_msg_ext_http_svc/group_set_key_values', { GroupId: sent.to, MsgSeq: sent.sequence, ...more }]
      : ['openim_msg_ext_http_svc/set_key_values', { From_Account: 'alice', To_Account: 'bob', MsgKey: keyOf(sent), ...more }];
  }

  test('no frame was of the wrong kind', () => {
    alice.assertFramesAreWellFormed();
    bob.assertFramesAreWellFormed();
  });
}, { settings: SETTINGS });

forEachSdk('Reactions', world => {
  const { pages, kinds } = ways(world);
  let alice, bob, second;
  before(() => { ({ alice, bob, second } = pages); });
  /** The newest that a page was told of a reaction, once it has so many users. */
  const told = (page, ID, reactionID, count, from = 0) => page.wait('MESSAGE_REACTIONS_UPDATED', data =>
    data.messageID === ID && data.reactionList.find(it => it.reactionID === reactionID && it.totalUserCount === count), { from });
  const users = list => list.map(it => it.userID);

  for (const [kind, send] of Object.entries(kinds)) {
    const open = text => send(`${kind} reaction ${text}`);

    test(`all are told of a reaction to a ${kind} message, and whose it is`, async () => {
      const { sent, got, second: also } = await open('add');
      await bob.chat.addMessageReaction(got, 'like');
      for (const [page, isOwn] of [[alice, false], [bob, true], [second, true]]) {
        const reaction = await told(page, sent.ID, 'like', 1);
        assert.deepEqual([users(reaction.partialUserList), reaction.reactedByMyself], [['bob'], isOwn], page.user);
      }
      await alice.chat.addMessageReaction(sent, 'like');
      const reaction = await told(second, also.ID, 'like', 2);
      assert.deepEqual([users(reaction.partialUserList), reaction.reactedByMyself], [['bob', 'alice'], true]);
      await assert.rejects(alice.chat.addMessageReaction(sent, 'like'), { code: 23007 });
    });

    test(`a reaction to a ${kind} message that is taken back is gone for all`, async () => {
      const { sent, got } = await open('remove');
      await bob.chat.addMessageReaction(got, 'wow');
      await told(alice, sent.ID, 'wow', 1);
      await assert.rejects(alice.chat.removeMessageReaction(sent, 'wow'), { code: 23009 });
      await bob.chat.removeMessageReaction(got, 'wow');
      for (const page of [alice, bob, second]) {
        const reaction = await told(page, sent.ID, 'wow', 0);
        assert.deepEqual([reaction.partialUserList, reaction.reactedByMyself], [[], false], page.user);
      }
      await assert.rejects(bob.chat.removeMessageReaction(got, 'wow'), { code: 23008 });
    });

    test(`reactions to ${kind} messages can be read later, with who gave them`, async () => {
      const { sent, got } = await open('read');
      await bob.chat.addMessageReaction(got, 'one');
      await alice.chat.addMessageReaction(sent, 'two');
      await bob.chat.addMessageReaction(got, 'two');
      const { data } = await alice.chat.getMessageReactions({ messageList: [sent], maxUserCountPerReaction: 1 });
      const shown = data.resultList[0].reactionList.map(it =>
        [it.reactionID, it.totalUserCount, users(it.partialUserList), it.reactedByMyself]);
      assert.equal(data.resultList[0].messageID, sent.ID);
      assert.deepEqual(shown, [['one', 1, ['bob'], false], ['two', 2, ['alice'], true]]);
      const all = await alice.chat.getAllUserListOfMessageReaction({ message: sent, reactionID: 'two', nextSeq: 0, count: 10 });
      assert.deepEqual([users(all.data.userList), all.data.nextSeq, all.data.isCompleted], [['alice', 'bob'], 0, true]);
    });
  }

  test('one question tells the reactions to what both said', async () => {
    const { sent, got } = await kinds['one-to-one']('hers');
    const from = alice.mark();
    const his = await bob.sendText('alice', 'his');
    const read = await alice.messageWithText('his', { from });
    await bob.chat.addMessageReaction(got, 'for hers');
    await alice.chat.addMessageReaction(read, 'for his');
    const { data } = await bob.chat.getMessageReactions({ messageList: [got, his] });
    assert.deepEqual(data.resultList.map(it => [it.messageID, it.reactionList.map(it => it.reactionID)]),
      [[sent.ID, ['for hers']], [his.ID, ['for his']]]);
  });

  test('a recalled message has no reactions any more', async () => {
    const { sent, got } = await kinds['one-to-one']('a slip');
    await bob.chat.addMessageReaction(got, 'oh');
    const from = bob.mark();
    await alice.chat.revokeMessage(sent);
    await bob.wait('MESSAGE_REVOKED', list => list.some(it => it.ID === got.ID), { from });
    const { data } = await alice.chat.getMessageReactions({ messageList: [sent] });
    assert.deepEqual(data.resultList[0].reactionList, []);
  });

  test('no frame was of the wrong kind', () => {
    alice.assertFramesAreWellFormed();
    bob.assertFramesAreWellFormed();
  });
}, { sdks: SDKS.filter(it => it.name === '@tencentcloud/chat'), settings: SETTINGS });
