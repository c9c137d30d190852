// Pushes to who is away, by the operator's own push service. spec/concepts/offline-push.md
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { nextSecond, until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

process.env.MAGPIE__WEBHOOKS__ALLOW_LOCAL = 'true';

/** A push service that notes what it gets. */
class PushService {
  got = [];

  async listen() {
    this.server = http.createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', piece => { text += piece; });
      request.on('end', () => {
        this.got.push({ headers: request.headers, text, push: JSON.parse(text) });
        response.end('{}');
      });
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${this.server.address().port}/push`;
  }

  /** Waits for the push of a message with this text at its end. */
  about(text) {
    return until(`a push of ${text}`, () => this.got.find(it => it.push.Desc.endsWith(text)));
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

forEachSdk('Offline pushes', world => {
  const service = new PushService();
  let alice, bob;
  before(async () => {
    await world.server.import('alice', 'bob');
    await world.server.set({ 'push.channels': ['http'], 'push.http.url': await service.listen() });
    [alice, bob] = await Promise.all(['alice', 'bob'].map(it => world.open(it)));
  });
  after(() => service.close());

  const status = user => world.server.ok('openim/query_online_status', { To_Account: [user] });
  const send = (text, options) => {
    const { TYPES } = alice.SDK;
    const message = alice.chat.createTextMessage({ to: 'bob', conversationType: TYPES.CONV_C2C, payload: { text } });
    return alice.chat.sendMessage(message, options);
  };

  test('who looks gets the message and no push', async () => {
    await send('are you there?');
    await bob.messageWithText('are you there?');
    assert.deepEqual(service.got, []);
    await bob.chat.setMessageRead({ conversationID: 'C2Calice' });
    // What came in the second of the reading counts as read.
    await nextSecond();
  });

  test('who closed the page is pushed to, with what the sender said of the push', async () => {
    bob.page.close();
    await until('bob to be away', async () => (await status('bob')).QueryResult[0].Status === 'Offline');
    await send('come back', {
      offlinePushInfo: {
        title: 'From Alice',
        description: 'come back, please',
        extension: '{"room":1}',
        androidInfo: { sound: 'bell.mp3' },
        apnsInfo: { sound: 'bell.caf' },
      },
    });
    const { push } = await service.about('come back, please');
    assert.equal(push.Title, 'From Alice');
    assert.equal(push.Ext, '{"room":1}');
    assert.equal(push.Badge, 1);
    assert.deepEqual([push.Kind, push.To_Account, push.From_Account], ['C2C', 'bob', 'alice']);
    assert.equal(push.OfflinePushInfo.Title, 'From Alice');
    assert.equal(push.OfflinePushInfo.Desc, 'come back, please');
    assert.deepEqual(push.Devices.map(it => it.Platform), ['Web']);
  });

  test('the badge grows, and a sender may want no push', async () => {
    await send('quietly', { offlinePushInfo: { disablePush: true } });
    await send('aloud');
    const { push } = await service.about('aloud');
    assert.equal(push.Badge, 3);
    assert.deepEqual(service.got.filter(it => it.push.Desc.endsWith('quietly')), []);
  });

  test('a push is signed with the key that the operator has', async () => {
    const { headers, text, push } = await service.about('aloud');
    const key = Buffer.from((await world.server.command('webhook', 'secret')).replace('whsec_', ''), 'base64');
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`;
    const expected = crypto.createHmac('sha256', key).update(signed).digest('base64');
    assert.equal(headers['webhook-signature'], `v1,${expected}`);
    assert.equal(headers['webhook-id'], push.PushId);
  });
});
