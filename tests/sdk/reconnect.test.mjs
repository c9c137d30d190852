// Nothing is lost and nothing comes twice when the connection or the server fails. spec/client/transport.md 3 and 5.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { textBody } from './client.mjs';
import { nextSecond, until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';
import { now } from './usersig.mjs';

const COUNT = 30;
const OUTAGE_MS = 20_000;
/** The telemetry report of the SDK is what makes it try again after an outage; by default it comes once a minute. */
const SETTINGS = { 'cloud.keys': { evt_rpt_waiting: '1000' } };

const numbered = name => Array.from({ length: COUNT }, (_, n) => `${name} ${n}`);

forEachSdk('Broken connections', world => {
  let alice;
  let bob;
  before(async () => {
    await world.server.import('alice', 'bob', 'backend');
    alice = await world.open('alice');
    bob = await world.open('bob');
    await alice.sendText('bob', 'before');
    await bob.messageWithText('before');
  });

  /** The texts that the server keeps of what `peer` and bob wrote, oldest first. */
  async function kept(peer) {
    const range = { Operator_Account: 'bob', Peer_Account: peer, MaxCnt: 100, MinTime: 0 };
    const texts = [];
    let place = { MaxTime: now() };
    for (;;) {
      const page = await world.server.ok('openim/admin_getroammsg', { ...range, ...place });
      texts.unshift(...page.MsgList.map(it => it.MsgBody[0].MsgContent.Text));
      if (page.Complete === 1) return texts;
      place = { MaxTime: page.LastMsgTime, LastMsgKey: page.LastMsgKey };
    }
  }

  /** Each of `texts` is announced to bob exactly once, shown once, and kept once and in order. */
  async function arrivesOnce(texts, from, peer = 'alice') {
    const announced = () => bob.received(from).filter(it => it.from === peer).map(it => it.payload.text);
    const missing = () => texts.filter(it => !announced().includes(it));
    await until(() => `bob still misses ${missing().join(', ')}`, () => missing().length === 0, OUTAGE_MS);
    await bob.quiet();
    const ours = list => list.filter(it => texts.includes(it));
    assert.equal(ours(announced()).length, texts.length, 'nothing is announced twice');
    assert.deepEqual(ours(await kept(peer)), texts, 'the server keeps each once, in order');
    // The SDK shows what came live on the new connection before what it asked for, so the order is not the server's.
    const shown = [];
    for (let next, done = false; !done;) {
      const page = await bob.history(peer, next);
      shown.unshift(...page.messageList.map(it => it.payload.text));
      next = page.nextReqMessageID;
      done = page.isCompleted;
    }
    assert.deepEqual(ours(shown).sort(), texts.toSorted(), 'the page shows each once');
  }

  function staysLoggedIn(...pages) {
    for (const page of pages) {
      assert.deepEqual(page.all('KICKED_OUT'), []);
      page.assertFramesAreWellFormed();
    }
  }

  test('a connection that breaks while messages come in loses none', async () => {
    const from = bob.mark();
    const texts = numbered('while it broke');
    for (const [n, text] of texts.entries()) {
      if (n === COUNT / 3) bob.page.cut();
      await alice.sendText('bob', text);
    }
    await arrivesOnce(texts, from);
    staysLoggedIn(alice, bob);
  });

  test('messages sent while the page has no network arrive when it is back', async () => {
    const from = bob.mark();
    const texts = numbered('in the tunnel');
    bob.page.offline();
    for (const text of texts) await alice.sendText('bob', text);
    bob.page.online();
    await arrivesOnce(texts, from);
    staysLoggedIn(alice, bob);
  });

  test('messages of the very second in which the connection broke are no exception', async () => {
    // The SDK sees no gap in the times then, and has to learn of them as unread ones (openim.getmsg).
    const from = bob.mark();
    await nextSecond();
    const { MsgTime: second } = await world.server.send('alice', 'bob', textBody('the last one before'));
    await bob.messageWithText('the last one before', { from });
    bob.page.offline();
    const texts = numbered('in that second');
    const answers = await Promise.all(texts.map(text => world.server.send('alice', 'bob', textBody(text))));
    assert.ok(answers.every(it => it.MsgTime === second), 'this machine is too slow for this test');
    bob.page.online();
    await arrivesOnce(texts, from);
  });

  test('many messages of one second are no obstacle for what comes after them', async () => {
    // The SDK asks for what it missed by the second; see spec/client/commands/openim.getroammsg.yaml.
    const from = bob.mark();
    const texts = numbered('all at once');
    bob.page.offline();
    await nextSecond();
    for (const text of texts) await world.server.send('alice', 'bob', textBody(text));
    await nextSecond();
    texts.push('a second later');
    await world.server.send('alice', 'bob', textBody(texts.at(-1)));
    bob.page.online();
    await arrivesOnce(texts, from);
  });

  test('a message whose acknowledgement was lost is sent again by the SDK and exists once', async () => {
    const from = bob.mark();
    alice.wire.deaf = true;
    const sending = alice.sendText('bob', 'did it arrive?');
    const got = await bob.messageWithText('did it arrive?', { from });
    alice.page.cut();
    alice.wire.deaf = false;
    const sent = await sending;
    assert.deepEqual([sent.ID, sent.time], [got.ID, got.time], 'the second answer names the first message');
    const sends = alice.requests().filter(it => it.body.MsgBody?.[0].MsgContent.Text === 'did it arrive?');
    assert.equal(sends.length, 2, 'the SDK did send it twice');
    await arrivesOnce(['did it arrive?'], from);
  });

  for (const [what, end] of [['is restarted', 'stop'], ['is killed and started again', 'kill9']]) {
    test(`when the server ${what}, sessions live on and nothing is lost`, async () => {
      const from = bob.mark();
      const acknowledged = `acknowledged before it ${what}`;
      await alice.sendText('bob', acknowledged);
      await world.server[end]();
      await world.server.serve();
      const meanwhile = `sent after it ${what}`;
      await world.server.send('backend', 'bob', textBody(meanwhile));
      await arrivesOnce([meanwhile], from, 'backend');
      await arrivesOnce([acknowledged], from);
      const last = `from page to page after it ${what}`;
      await until('alice can send again', () => alice.sendText('bob', last).then(() => true, () => false), OUTAGE_MS);
      await bob.messageWithText(last, { from });
      staysLoggedIn(alice, bob);
    });
  }
}, { settings: SETTINGS });
