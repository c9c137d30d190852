// Files and long merged messages between two pages. spec/client/commands/im_cos_msg.*.yaml, im_long_msg.*.yaml.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { File } from 'node:buffer';
import { before, test } from 'node:test';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { SDKS, forEachSdk } from './sdks.mjs';
import { until } from './poll.mjs';

/** The head of a PNG of 30 by 20 pixels, and bytes of every value behind it. */
const PICTURE = Buffer.concat([
  Buffer.from('89504e470d0a1a0a0000000d494844520000001e00000014080200000000000000', 'hex'),
  crypto.randomBytes(50_000),
]);
const BYTES = crypto.randomBytes(300_000);

const file = (bytes, name, type) => new File([bytes], name, { type });

async function download(url) {
  const answer = await fetch(url);
  assert.equal(answer.status, 200, url);
  return Buffer.from(await answer.arrayBuffer());
}

/** Every kind: how it is sent, the type that arrives, and the URLs at which its bytes must be. */
const KINDS = [
  ['Image', PICTURE, 'a picture.png', 'image/png', 'TIMImageElem', it => it.imageInfoArray.map(info => info.url)],
  ['File', BYTES, '../../notes <1>.html', 'text/html', 'TIMFileElem', it => [it.fileUrl]],
  ['Video', BYTES, 'film.mp4', 'video/mp4', 'TIMVideoFileElem', it => [it.videoUrl]],
  ['Audio', BYTES, 'sound.mp3', 'audio/mp3', 'TIMSoundElem', it => [it.url]],
];

forEachSdk('Files', world => {
  let alice;
  let bob;
  before(async () => {
    await world.server.import('bob');
    [alice, bob] = [await world.openForFiles('alice'), await world.openForFiles('bob')];
  });

  for (const [kind, bytes, name, type, element, urls] of KINDS) {
    test(`${kind}: bob downloads the bytes that alice sent`, async () => {
      const from = bob.mark();
      const progress = [];
      const message = alice.compose(kind, 'bob', { file: file(bytes, name, type) }, { onProgress: it => progress.push(it) });
      const sent = await alice.send(message);
      const got = await bob.message(it => it.ID === sent.ID, { from });
      assert.equal(got.type, element);
      for (const url of urls(got.payload)) {
        assert.ok((await download(url)).equals(bytes), url);
      }
      assert.equal(progress.at(-1), 1);
      if (kind === 'Image') {
        assert.deepEqual(got.payload.imageInfoArray.map(it => [it.width, it.height])[0], [30, 20]);
      } else {
        const [url] = urls(got.payload);
        const shown = (await fetch(url, { method: 'HEAD' })).headers;
        const expected = kind === 'File' ? ['application/octet-stream', 'attachment'] : [type, 'inline'];
        assert.deepEqual([shown.get('content-type'), shown.get('content-disposition').split(';')[0]], expected);
        assert.equal(shown.get('content-length'), String(bytes.length));
      }
      if (kind === 'File') assert.equal(got.payload.fileName, name);
    });
  }

  test('a large merged message comes back whole, and can be forwarded by its key', async () => {
    const from = bob.mark();
    const parts = [];
    for (let n = 0; n < 20; n += 1) parts.push(await alice.sendText('bob', `${n} ${'图😀'.repeat(1000)}`));
    const payload = { messageList: parts, title: 'All of it', abstractList: ['alice: 0'], compatibleText: 'newer' };
    const sent = await alice.send(alice.compose('Merger', 'bob', payload));
    const got = await bob.message(it => it.ID === sent.ID, { from });
    assert.equal(got.type, 'TIMRelayElem');
    assert.ok(got.payload.downloadKey, 'the list travels apart');
    const whole = await bob.chat.downloadMergerMessage(got);
    assert.deepEqual(whole.payload.messageList.map(it => it.messageBody[0].payload.text), parts.map(it => it.payload.text));
    const asked = alice.requests().filter(it => it.command === 'im_long_msg.save_relay_json_msg');
    assert.ok(Buffer.byteLength(JSON.stringify(asked.at(-1).body)) > 128 * 1024, 'longer than other frames may be');

    const there = alice.mark();
    await bob.send(bob.chat.createForwardMessage({
      to: 'alice', conversationType: bob.SDK.TYPES.CONV_C2C, payload: got,
    }));
    const back = await alice.message(it => it.type === 'TIMRelayElem', { from: there });
    const again = await alice.chat.downloadMergerMessage(back);
    assert.equal(again.payload.messageList.length, parts.length);
  });

  test('what is switched off is refused', async () => {
    await world.server.set({ 'files.enabled': false });
    const message = alice.compose('File', 'bob', { file: file(BYTES, 'a.bin', 'application/octet-stream') });
    await assert.rejects(alice.send(message));
    await world.server.set({ 'files.enabled': true });
  });

  test('a server that is killed within an upload keeps nothing of it, and the upload can be repeated', async () => {
    const head = { identifier: 'alice', usersig: world.server.sig('alice') };
    const url = await promise(world.server, head);
    const target = { method: 'PUT', headers: { 'Content-Length': BYTES.length } };
    const broken = http.request(url.upload, target);
    const failed = once(broken, 'error');
    broken.write(BYTES.subarray(0, 200_000));
    await until('half of it is on the disk', () => blobs(world.server, 'incoming').length === 1);
    await world.server.kill9();
    await failed;
    await world.server.serve();
    assert.deepEqual(blobs(world.server, 'incoming'), []);
    assert.equal((await fetch(url.download)).status, 404);
    assert.equal((await fetch(url.upload, { method: 'PUT', body: BYTES })).status, 200);
    assert.ok((await download(url.download)).equals(BYTES));
    await world.server.kill9();
    await world.server.serve();
    assert.ok((await download(url.download)).equals(BYTES), 'what was answered 200 is there after a crash');
    assert.equal((await fetch(url.upload, { method: 'PUT', body: BYTES })).status, 403);
  });
});

forEachSdk('Files behind a proxy', world => {
  test('the newer commands bring the file up, its size and its bytes', async () => {
    await world.server.import('bob');
    const [alice, bob] = [await world.openForFiles('alice'), await world.openForFiles('bob')];
    const from = bob.mark();
    const sent = await alice.send(alice.compose('Image', 'bob', { file: file(PICTURE, 'a.png', 'image/png') }));
    const got = await bob.message(it => it.ID === sent.ID, { from });
    const commands = alice.requests().map(it => it.command).filter(it => it.startsWith('im_cos_msg.'));
    assert.deepEqual(commands, ['im_cos_msg.simple_sig', 'im_cos_msg.get_imageinfo']);
    assert.deepEqual(got.payload.imageInfoArray.map(it => [it.width, it.height]), [[30, 20], [30, 20], [30, 20]]);
    for (const { url } of got.payload.imageInfoArray) assert.ok((await download(url)).equals(PICTURE), url);
  });
}, {
  sdks: SDKS.filter(it => it.name === '@tencentcloud/chat')
    .map(it => ({ ...it, options: server => ({ fileUploadProxy: server.baseUrl }) })),
});

forEachSdk('Files for those who are logged in', world => {
  test('a page can download with the key of its login, and nobody without it', async () => {
    await world.server.import('bob');
    await world.server.set({ 'files.download_auth': true, 'files.public_base_url': world.server.baseUrl });
    const [alice, bob] = [await world.openForFiles('alice'), await world.openForFiles('bob')];
    const from = bob.mark();
    const sent = await alice.send(alice.compose('File', 'bob', { file: file(BYTES, 'a.bin', 'application/zip') }));
    const { payload } = await bob.message(it => it.ID === sent.ID, { from });
    assert.match(payload.fileUrl, /[?&]authKey=[0-9a-f]+\.[0-9a-f]{64}$/);
    assert.ok((await download(payload.fileUrl)).equals(BYTES));
    assert.equal((await fetch(payload.fileUrl.split('?')[0])).status, 403);
  });
}, { sdks: SDKS.filter(it => it.name === '@tencentcloud/chat') });

function blobs(server, below = '') {
  const folder = path.join(server.dataDir, 'files', below);
  if (!fs.existsSync(folder)) return [];
  return fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter(it => it.isFile());
}

/** The URLs of a file, asked for over a socket of its own. */
async function promise(server, head) {
  const socket = new WebSocket(`${server.socketUrl}/info?sdkappid=${server.sdkappid}&instanceid=x&random=1&platform=7`);
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
  const answer = new Promise(resolve => { socket.onmessage = ({ data }) => resolve(JSON.parse(data).body); });
  const body = { file_type: 255, file_name: 'a.bin' };
  socket.send(JSON.stringify({ head: { servcmd: 'im_cos_msg.pre_sig', seq: 1, ...head }, body }));
  const { upload_url: upload, download_url: download } = await answer;
  socket.close();
  return { upload, download };
}
