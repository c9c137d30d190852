// Translation and speech to text by services of the operator's. spec/concepts/translate-and-speech.md
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { File } from 'node:buffer';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { after, before, test } from 'node:test';
import { makeCertificate } from './names.mjs';
import { forEachSdk, NEWEST } from './sdks.mjs';
import { until } from './poll.mjs';

process.env.MAGPIE__WEBHOOKS__ALLOW_LOCAL = 'true';

const BYTES = crypto.randomBytes(5000);
/** The answers of the service, by what is asked for as the target language. */
const OUTCOMES = {
  zh: (body, answer) => answer.end(JSON.stringify({ TargetText: body.SourceText.map(it => `[zh]${it}`) })),
  'zh-slow': () => {},
  'zh-500': (_, answer) => answer.writeHead(500).end('{"TargetText":["no"]}'),
  'zh-rubbish': (_, answer) => answer.end('<html>'),
  'zh-long': (_, answer) => answer.end(JSON.stringify({ TargetText: ['x'.repeat(300_000)] })),
  'zh-cut': (_, answer) => answer.writeHead(200, { 'Content-Length': 1000 }).end('{"Target', () => answer.destroy()),
};

/** What an operator runs: it translates, and downloads what it is to listen to. */
class Service {
  heard = [];

  /** Its address; with a certificate it has TLS. */
  async listen(certificate) {
    const create = certificate ? https.createServer.bind(https, certificate) : http.createServer;
    this.server = create(async (request, answer) => {
      const body = JSON.parse(Buffer.concat(await request.toArray()));
      this.heard.push({ path: request.url, headers: request.headers, body });
      if (request.url === '/translate') return OUTCOMES[body.Target](body, answer);
      const sound = await fetch(body.Url);
      const bytes = Buffer.from(await sound.arrayBuffer());
      return answer.end(JSON.stringify({ Text: bytes.equals(BYTES) ? `heard in ${body.Engine}` : '' }));
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const { port } = this.server.address();
    return certificate ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** The same from the newest push of abilities. */
const pushedAbility = (client, bit) => {
  const pushes = client.wire.received.filter(it => it.head.servcmd === 'im_sdk_config_mgr.push_imsdk_purchase_bitsv2');
  return pushes.at(-1)?.body.str_purchase_bits.at(-1 - bit);
};

/** Whether the SDK was told at its login that it may ask for this. */
const ability = (client, bit) => {
  const { body } = client.wire.received.find(it => it.head.servcmd === 'im_open_status.wslogin' && it.body.PurchaseBits);
  return body.PurchaseBits.at(-1 - bit);
};

forEachSdk('Translation', world => {
  const service = new Service();
  let alice;
  const translate = targetLanguage => alice.chat.translateText({
    sourceTextList: ['hello', 'you'], sourceLanguage: 'en', targetLanguage,
  });
  before(async () => {
    const url = await service.listen();
    await world.server.set({ 'translate.url': `${url}/translate`, 'translate.timeout_ms': 500 });
    alice = await world.open('alice');
  });
  after(() => service.close());

  test('each text comes back in the other language, and the service knows who asked', async () => {
    assert.equal(ability(alice, 38), '1');
    const { data } = await translate('zh');
    assert.deepEqual(data.translatedTextList, ['[zh]hello', '[zh]you']);
    const { headers, body } = service.heard.at(-1);
    const expected = { SdkAppId: world.server.sdkappid, UserId: 'alice', Source: 'en', Target: 'zh', SourceText: ['hello', 'you'] };
    assert.deepEqual(body, expected);
    for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) assert.ok(headers[name], name);
  });

  for (const target of Object.keys(OUTCOMES).filter(it => it !== 'zh')) {
    test(`${target}: the page is told that it failed, and may ask again`, async () => {
      await assert.rejects(translate(target), error => error.code === 60008);
      assert.equal((await translate('zh')).data.translatedTextList.length, 2);
    });
  }

  test('a service with TLS is asked only when its authority is trusted', async () => {
    const { cert, key } = makeCertificate(['localhost']);
    const secured = new Service();
    const url = await secured.listen({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) });
    await world.server.set({ 'translate.url': `${url}/translate` });
    await assert.rejects(translate('zh'), error => error.code === 60008);
    assert.equal(secured.heard.length, 0);
    await world.server.set({ 'translate.tls.ca_file': cert });
    assert.deepEqual((await translate('zh')).data.translatedTextList, ['[zh]hello', '[zh]you']);
    secured.close();
  });

  test('pages are told that there is no such service any more, those that are open and those that come', async () => {
    await world.server.set({ 'translate.url': '' });
    await assert.rejects(translate('zh'), error => error.code === 60017);
    await until('alice is told', () => pushedAbility(alice, 38) === '0');
    const bob = await world.open('bob');
    assert.equal(ability(bob, 38), '0');
  });
}, { sdks: NEWEST });

forEachSdk('Speech to text', world => {
  const service = new Service();
  let alice, bob, message;
  before(async () => {
    const url = await service.listen();
    const { server } = world;
    await server.import('alice', 'bob');
    await server.set({ 'speech.url': `${url}/speech`, 'files.public_base_url': server.baseUrl, 'files.download_auth': true });
    [alice, bob] = [await world.openForFiles('alice'), await world.open('bob')];
    const from = bob.mark();
    message = await alice.send(alice.compose('Audio', 'bob', { file: new File([BYTES], 'sound.mp3', { type: 'audio/mp3' }) }));
    await bob.message(it => it.ID === message.ID, { from });
  });
  after(() => service.close());

  test('who sent a recording and who got it can read what was said', async () => {
    assert.equal(ability(bob, 39), '1');
    const [got] = bob.received().filter(it => it.ID === message.ID);
    assert.deepEqual((await bob.chat.convertVoiceToText({ message: got })).data, { result: 'heard in 16k_zh-PY' });
    assert.deepEqual((await alice.chat.convertVoiceToText({ message, language: 'en-US' })).data, { result: 'heard in 16k_en' });
    assert.deepEqual(service.heard.map(it => it.body.UserId), ['bob', 'alice']);
    assert.match(service.heard[0].body.Url, /\?authKey=/);
  });

  test('a recording that lies elsewhere is not fetched', async () => {
    const count = service.heard.length;
    const elsewhere = { ...message, payload: { ...message.payload, remoteAudioUrl: 'http://127.0.0.1:1/a.mp3' } };
    await assert.rejects(alice.chat.convertVoiceToText({ message: elsewhere }));
    assert.equal(service.heard.length, count);
  });

  test('pages are told that there is no such service any more', async () => {
    await world.server.set({ 'speech.url': '' });
    await assert.rejects(alice.chat.convertVoiceToText({ message }));
    await until('bob is told', () => pushedAbility(bob, 39) === '0');
    assert.equal(ability(await world.open('carol'), 39), '0');
  });
}, { sdks: NEWEST });
