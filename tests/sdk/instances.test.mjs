// One user on two pages at the same time. spec/client/pushes.md 1.1 (sync copies), 1.4, 1.5; accounts-and-status.md 4.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { c2c, textBody } from './client.mjs';
import { forEachSdk } from './sdks.mjs';

forEachSdk('Two pages of one user', world => {
  let desk;
  let sofa;
  let bob;
  before(async () => {
    await world.server.import('alice', 'bob');
    desk = await world.open('alice');
    sofa = await world.open('alice');
    bob = await world.open('bob');
  });

  test('a message sent on one page appears on the other as an own message', async () => {
    const marks = { sofa: sofa.mark(), desk: desk.mark() };
    const sent = await desk.sendText('bob', 'from the desk');
    const copy = await sofa.messageWithText('from the desk', { from: marks.sofa });
    assert.equal(copy.ID, sent.ID);
    assert.deepEqual([copy.from, copy.to, copy.flow, copy.conversationID], ['alice', 'bob', 'out', c2c('bob')]);
    assert.equal(copy.time, sent.time);
    await bob.messageWithText('from the desk');
    assert.deepEqual(desk.received(marks.desk), [], 'the page that sent it gets no copy');
  });

  test('a message to the user arrives on both pages', async () => {
    const marks = [desk, sofa].map(page => [page, page.mark()]);
    const sent = await bob.sendText('alice', 'to both');
    for (const [page, from] of marks) assert.equal((await page.messageWithText('to both', { from })).ID, sent.ID);
  });

  test('a message of the backend in the name of the user is shown to it only if asked for', async () => {
    const from = desk.mark();
    await world.server.send('alice', 'bob', textBody('quiet one'), { SyncOtherMachine: 2 });
    await world.server.send('alice', 'bob', textBody('synced one'), { SyncOtherMachine: 1 });
    const copy = await desk.messageWithText('synced one', { from });
    assert.deepEqual([copy.from, copy.flow], ['alice', 'out']);
    await bob.messageWithText('quiet one');
    await bob.messageWithText('synced one');
    assert.ok(desk.received(from).every(it => it.payload.text !== 'quiet one'));
  });

  test('reading on one page reads on the other', async () => {
    await bob.sendText('alice', 'read me');
    for (const page of [desk, sofa]) await page.messageWithText('read me');
    const told = bob.wait('MESSAGE_READ_BY_PEER', undefined, { from: bob.mark() });
    await desk.chat.setMessageRead({ conversationID: c2c('bob') });
    await told;
    for (const page of [desk, sofa]) await page.unread('bob', 0);
  });

  test('what one page recalls is recalled on the other', async () => {
    const sent = await desk.sendText('bob', 'not so');
    const copy = await sofa.messageWithText('not so');
    await desk.chat.revokeMessage(sent);
    await sofa.wait('MESSAGE_REVOKED', list => list.some(it => it.ID === copy.ID));
    await bob.wait('MESSAGE_REVOKED', list => list.some(it => it.ID === copy.ID));
  });

  test('what one page modifies is modified on the other', async () => {
    const sent = await desk.sendText('bob', 'draft');
    await sofa.messageWithText('draft');
    sent.payload.text = 'final';
    await desk.chat.modifyMessage(sent);
    const changed = await sofa.wait('MESSAGE_MODIFIED', list => list.find(it => it.ID === sent.ID));
    assert.equal(changed.payload.text, 'final');
  });

  test('leaving on one page leaves the other logged in', async () => {
    await sofa.chat.logout();
    const from = desk.mark();
    await bob.sendText('alice', 'one page left');
    await desk.messageWithText('one page left', { from });
    assert.deepEqual(desk.all('KICKED_OUT'), []);
    assert.ok(sofa.received().every(it => it.payload.text !== 'one page left'));
  });
}, { settings: { 'login.max_web_instances': 2 } });
