// Large pictures in the sizes that the SDKs ask for, and covers of videos. spec/client/transport.md 9.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import zlib from 'node:zlib';
import { File } from 'node:buffer';
import { before, test } from 'node:test';
import { NEWEST, forEachSdk } from './sdks.mjs';

const [WIDTH, HEIGHT] = [1200, 900];

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(zlib.crc32 ? zlib.crc32(body) : crc32(body));
  return Buffer.concat([length, body, sum]);
}

function crc32(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

/** A picture of so much noise that it has more than 3 MB. */
function photo() {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(WIDTH, 0);
  head.writeUInt32BE(HEIGHT, 4);
  head.set([8, 2], 8);
  const line = () => Buffer.concat([Buffer.alloc(1), crypto.randomBytes(WIDTH * 3)]);
  const pixels = zlib.deflateSync(Buffer.concat(Array.from({ length: HEIGHT }, line)), { level: 1 });
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

const PHOTO = photo();

async function load(url) {
  const answer = await fetch(url);
  assert.equal(answer.status, 200, url);
  return { type: answer.headers.get('content-type'), bytes: Buffer.from(await answer.arrayBuffer()) };
}

/** Width and height of a JPEG. */
function sides(jpeg) {
  for (let at = 2; ; at += 2 + jpeg.readUInt16BE(at + 2)) {
    if (jpeg[at + 1] === 0xc0) return [jpeg.readUInt16BE(at + 7), jpeg.readUInt16BE(at + 5)];
    assert.equal(jpeg[at], 0xff, 'it is a JPEG');
  }
}

async function sendPhoto(alice, bob) {
  const from = bob.mark();
  const file = new File([PHOTO], 'photo.png', { type: 'image/png' });
  const sent = await alice.send(alice.compose('Image', 'bob', { file }));
  return bob.message(it => it.ID === sent.ID, { from });
}

/** What the receiver's three sizes are, loaded. */
async function checkSizes({ payload }) {
  const [original, thumbnail, large] = payload.imageInfoArray;
  assert.deepEqual([original.width, original.height], [WIDTH, HEIGHT]);
  assert.ok((await load(original.url)).bytes.equals(PHOTO), 'the original is as it was sent');
  for (const [info, expected, most] of [[thumbnail, [264, 198], 100_000], [large, [960, 720], 1_000_000]]) {
    const { type, bytes } = await load(info.url);
    assert.equal(type, 'image/jpeg');
    assert.deepEqual(sides(bytes), expected);
    assert.deepEqual([info.width, info.height], expected, 'the SDK counts with the same size');
    assert.ok(bytes.length < most, `${info.url} has ${bytes.length} of ${PHOTO.length} bytes`);
  }
}

forEachSdk('Thumbnails', world => {
  let alice;
  let bob;
  before(async () => {
    await world.server.import('bob');
    [alice, bob] = [await world.openForFiles('alice'), await world.openForFiles('bob')];
  });

  test('a large picture is looked at in small', async () => {
    assert.ok(PHOTO.length > 3_000_000);
    await checkSizes(await sendPhoto(alice, bob));
  });

  test('a video has no cover of the server, and brings the one that its page gives it', async () => {
    const cover = (await sendPhoto(alice, bob)).payload.imageInfoArray[0].url;
    const compose = () => {
      const file = new File([crypto.randomBytes(50_000)], 'film.mp4', { type: 'video/mp4' });
      return alice.compose('Video', 'bob', { file });
    };
    const from = bob.mark();
    const plain = await alice.send(compose());
    const received = await bob.message(it => it.ID === plain.ID, { from });
    assert.ok(!received.payload.thumbUrl && !received.payload.snapshotUrl, 'there is no cover');

    const message = compose();
    // Each SDK sends one pair of these names.
    for (const name of ['thumbUrl', 'snapshotUrl', 'remoteThumbUrl', 'remoteSnapshotUrl']) message.payload[name] = cover;
    Object.assign(message.payload, { thumbWidth: WIDTH, thumbHeight: HEIGHT });
    const sent = await alice.send(message);
    const { payload } = await bob.message(it => it.ID === sent.ID, { from });
    assert.deepEqual([payload.thumbUrl, payload.snapshotUrl], [cover, cover]);
    assert.deepEqual([payload.thumbWidth, payload.thumbHeight], [WIDTH, HEIGHT]);
    assert.deepEqual(sides((await load(`${payload.snapshotUrl}?imageView2/3/w/198/h/198`)).bytes), [264, 198]);
  });

  test('where thumbnails are switched off the picture itself is looked at', async () => {
    await world.server.set({ 'files.thumbnails': false });
    const { payload } = await sendPhoto(alice, bob);
    for (const { url } of payload.imageInfoArray) assert.ok((await load(url)).bytes.equals(PHOTO), url);
    await world.server.set({ 'files.thumbnails': true });
  });
});

forEachSdk('Thumbnails behind a proxy', world => {
  test('the server tells the sizes and the addresses', async () => {
    await world.server.import('bob');
    const [alice, bob] = [await world.openForFiles('alice'), await world.openForFiles('bob')];
    const got = await sendPhoto(alice, bob);
    const asked = alice.requests().filter(it => it.command === 'im_cos_msg.get_imageinfo');
    assert.equal(asked.length, 1);
    const { rpt_msg_image_info: told } = alice.answer(asked[0]);
    const ends = told.map(it => it.str_url.split('?')[1]);
    assert.deepEqual(ends, ['imageView2/3/w/198/h/198', 'imageView2/3/w/720/h/720', undefined]);
    await checkSizes(got);
  });
}, { sdks: NEWEST.map(it => ({ ...it, options: server => ({ fileUploadProxy: server.baseUrl }) })) });

forEachSdk('Thumbnails for those who are logged in', world => {
  test('a thumbnail needs the key of a login as its picture does', async () => {
    await world.server.import('bob');
    await world.server.set({ 'files.download_auth': true, 'files.public_base_url': world.server.baseUrl });
    const [alice, bob] = [await world.openForFiles('alice'), await world.openForFiles('bob')];
    const file = new File([PHOTO], 'photo.png', { type: 'image/png' });
    const from = bob.mark();
    const sent = await alice.send(alice.compose('Image', 'bob', { file }));
    const { payload } = await bob.message(it => it.ID === sent.ID, { from });
    const [original] = payload.imageInfoArray;
    assert.match(original.url, /[?&]authKey=/);
    const thumbnail = `${original.url}&imageView2/3/w/198/h/198`;
    assert.deepEqual(sides((await load(thumbnail)).bytes), [264, 198]);
    assert.equal((await fetch(thumbnail.replace(/authKey=[^&]*&/, ''))).status, 403);
  });
}, { sdks: NEWEST });
