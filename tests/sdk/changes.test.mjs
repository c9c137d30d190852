// What can happen to a sent message: read receipts, recall, modification.
// spec/client/commands/openim.c2c_msg_read_receipt.yaml, openim.msgwithdraw.yaml, openim.modify_c2c_msg.yaml; pushes.md 1.2 to 1.6.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { textBody } from './client.mjs';
import { until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

const direction = { From_Account: 'alice', To_Account: 'bob' };
const key = message => `${message.sequence}_${message.random}_${message.time}`;

forEachSdk('Changes of messages', world => {
  let alice;
  let bob;
  before(async () => {
    await world.server.import('alice', 'bob');
    alice = await world.open('alice');
    bob = await world.open('bob');
  });

  /** A text from alice to bob, as each of them holds it. */
  async function exchange(text, more) {
    const from = bob.mark();
    const sent = await alice.sendText('bob', text, more);
    const got = await bob.message(it => it.ID === sent.ID, { from });
    return { sent, got };
  }

  test('a receipt that was asked for tells the sender that this message was read', async () => {
    const { sent, got } = await exchange('please confirm', { needReadReceipt: true });
    assert.equal(got.needReadReceipt, true);
    const told = alice.wait('MESSAGE_READ_RECEIPT_RECEIVED', list => list.find(it => it.messageID === sent.ID));
    await bob.chat.sendMessageReadReceipt([got]);
    const receipt = await told;
    assert.equal(receipt.isPeerRead, true);
    assert.equal(receipt.userID, 'bob');
  });

  test('a recalled message is recalled for both, and cannot be recalled twice', async () => {
    const { sent, got } = await exchange('a slip');
    const from = bob.mark();
    const recalled = await alice.chat.revokeMessage(sent);
    assert.equal(recalled.data.message.isRevoked, true);
    await bob.wait('MESSAGE_REVOKED', list => list.some(it => it.ID === got.ID && it.isRevoked), { from });
    const again = await world.server.rest('openim/admin_msgwithdraw', { ...direction, MsgKey: key(sent) });
    assert.equal(again.ErrorCode, 20023);
    for (const [page, peer] of [[alice, 'bob'], [bob, 'alice']]) {
      const { messageList } = await page.history(peer);
      assert.equal(messageList.find(it => it.ID === sent.ID).isRevoked, true, `in the history of ${page.user}`);
    }
  });

  test('the receiver cannot recall a message of the other side', async () => {
    const { got } = await exchange('not yours');
    await assert.rejects(bob.chat.revokeMessage(got), { code: 20022 });
  });

  test('a recall by the backend reaches both pages', async () => {
    const { sent } = await exchange('removed by the backend');
    const marks = [alice, bob].map(page => [page, page.mark()]);
    await world.server.ok('openim/admin_msgwithdraw', { ...direction, MsgKey: key(sent) });
    for (const [page, from] of marks) {
      await page.wait('MESSAGE_REVOKED', list => list.some(it => it.ID === sent.ID), { from });
    }
    const again = await world.server.rest('openim/admin_msgwithdraw', { ...direction, MsgKey: key(sent) });
    assert.equal(again.ErrorCode, 20023);
  });

  test('recalling an unread message lowers the unread count', async () => {
    const { sent } = await exchange('counted');
    const before = await until('counted', async () => (await bob.conversation('alice'))?.unreadCount);
    await alice.chat.revokeMessage(sent);
    await bob.unread('alice', before - 1);
  });

  test('a modified message changes on the other side, with a higher version', async () => {
    const { sent, got } = await exchange('teh first');
    const from = bob.mark();
    sent.payload.text = 'the first';
    sent.cloudCustomData = 'edited';
    await alice.chat.modifyMessage(sent);
    const changed = await bob.wait('MESSAGE_MODIFIED', list => list.find(it => it.ID === got.ID), { from });
    assert.deepEqual([changed.payload.text, changed.cloudCustomData], ['the first', 'edited']);
    assert.ok(changed.version > 0);
    const { messageList } = await bob.history('alice');
    assert.equal(messageList.find(it => it.ID === sent.ID).payload.text, 'the first');
  });

  test('the receiver may modify too, and a change of an outdated version is refused and corrected', async () => {
    const { sent, got } = await exchange('round 0');
    const from = alice.mark();
    got.payload.text = 'round 1';
    await bob.chat.modifyMessage(got);
    const changed = await alice.wait('MESSAGE_MODIFIED', list => list.find(it => it.ID === sent.ID), { from });
    assert.equal(changed.payload.text, 'round 1');
    changed.version = 0; // as if that change had not been heard of
    changed.payload.text = 'round 1, too';
    await assert.rejects(alice.chat.modifyMessage(changed), { code: 2480 });
    const { messageList } = await bob.history('alice');
    assert.equal(messageList.find(it => it.ID === sent.ID).payload.text, 'round 1');
  });

  test('a modification by the backend reaches both pages', async () => {
    const { sent } = await exchange('to be corrected');
    const marks = [alice, bob].map(page => [page, page.mark()]);
    const change = { ...direction, MsgKey: key(sent), MsgBody: textBody('corrected') };
    await world.server.ok('openim/modify_c2c_msg', change);
    for (const [page, from] of marks) {
      const changed = await page.wait('MESSAGE_MODIFIED', list => list.find(it => it.ID === sent.ID), { from });
      assert.equal(changed.payload.text, 'corrected');
    }
  });
});
