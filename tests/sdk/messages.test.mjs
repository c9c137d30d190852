// Messages between two users, sent by a page or by the backend. spec/client/commands/openim.sendmsg.yaml, pushes.md 1.1.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { c2c, textBody } from './client.mjs';
import { forEachSdk } from './sdks.mjs';
import { until } from './poll.mjs';
import { now } from './usersig.mjs';

const TEXTS = ['hello', '你好 😀 👨‍👩‍👧', 'مرحبا "quoted" \\ and\nnew line\ttab', '\u0000\u001f <script>&amp;', 'x'.repeat(8000)];

/** What a page can send without an upload: the kind, its payload, and the type that arrives. */
const BY_PAGE = [
  ['Custom', { data: '{"k":1}', description: 'said', extension: 'ext' }, 'TIMCustomElem'],
  ['Face', { index: 7, data: 'smile' }, 'TIMFaceElem'],
  ['Location', { description: 'Harbour', longitude: 114.0568, latitude: 22.5215 }, 'TIMLocationElem'],
];

const IMAGE = {
  UUID: 'picture-1',
  ImageFormat: 3,
  ImageInfoArray: [1, 2, 3].map(Type => ({ Type, Size: 700, Width: 30, Height: 20, URL: `https://files.example/${Type}.png` })),
};
const SOUND = { Url: 'https://files.example/a.mp3', UUID: 'sound-1', Size: 4096, Second: 3, Download_Flag: 2 };
const FILE = { Url: 'https://files.example/a.pdf', UUID: 'file-1', FileSize: 1234, FileName: 'a.pdf', Download_Flag: 2 };
const VIDEO = {
  VideoUrl: 'https://files.example/a.mp4', VideoUUID: 'video-1', VideoSize: 9000, VideoSecond: 8, VideoFormat: 'mp4',
  VideoDownloadFlag: 2, ThumbUrl: 'https://files.example/a.jpg', ThumbUUID: 'thumb-1', ThumbSize: 50, ThumbWidth: 16,
  ThumbHeight: 9, ThumbFormat: 'jpg', ThumbDownloadFlag: 2,
};
/** Elements with files, as the backend sends them: the element, and what the page has to show of it. */
const BY_REST = [
  ['TIMImageElem', IMAGE, payload => {
    assert.equal(payload.uuid, 'picture-1');
    assert.deepEqual(payload.imageInfoArray.map(it => [it.width, it.height]), [[30, 20], [30, 20], [30, 20]]);
    assert.ok(payload.imageInfoArray.every(it => it.url.startsWith('https://files.example/')));
  }],
  ['TIMSoundElem', SOUND, payload => {
    assert.deepEqual([payload.uuid, payload.second, payload.size], ['sound-1', 3, 4096]);
    assert.equal(payload.url, SOUND.Url);
  }],
  ['TIMFileElem', FILE, payload => {
    assert.deepEqual([payload.uuid, payload.fileName, payload.fileSize], ['file-1', 'a.pdf', 1234]);
    assert.equal(payload.fileUrl, FILE.Url);
  }],
  ['TIMVideoFileElem', VIDEO, payload => {
    assert.deepEqual([payload.videoUUID, payload.videoSecond, payload.videoSize], ['video-1', 8, 9000]);
    assert.equal(payload.videoUrl, VIDEO.VideoUrl);
    assert.deepEqual([payload.thumbUrl, payload.thumbWidth, payload.thumbHeight], [VIDEO.ThumbUrl, 16, 9]);
  }],
];

forEachSdk('Messages', world => {
  let alice;
  let bob;
  before(async () => {
    await world.server.import('bob', 'backend');
    await world.server.ok('im_open_login_svc/account_import', { UserID: 'alice', Nick: 'Alice', FaceUrl: 'https://cdn.example/a.png' });
    alice = await world.open('alice');
    bob = await world.open('bob');
  });

  test('a text has the same identity, time and content on both sides', async () => {
    const from = bob.mark();
    const before = now();
    const sent = await alice.sendText('bob', 'first', { cloudCustomData: '{"thread":1}' });
    const got = await bob.messageWithText('first', { from });
    assert.equal(sent.status, 'success');
    assert.equal(got.ID, sent.ID);
    assert.match(got.ID, /^\d{5,}-\d+-\d+$/, 'the id is made of TinyId, client time and random');
    assert.equal(got.time, sent.time);
    assert.ok(Math.abs(got.time - before) <= 2);
    assert.deepEqual([sent.flow, got.flow], ['out', 'in']);
    assert.deepEqual([got.from, got.to, got.conversationID], ['alice', 'bob', c2c('alice')]);
    assert.deepEqual([got.sequence, got.random], [sent.sequence, sent.random]);
    assert.equal(got.cloudCustomData, '{"thread":1}');
    assert.deepEqual([got.nick, got.avatar], ['Alice', 'https://cdn.example/a.png']);
  });

  test('texts arrive unchanged, once each, in the order in which they were sent', async () => {
    const from = bob.mark();
    for (const text of TEXTS) await alice.sendText('bob', text);
    await bob.messageWithText(TEXTS.at(-1), { from });
    assert.deepEqual(bob.received(from).map(it => it.payload.text), TEXTS);
  });

  for (const [kind, payload, type] of BY_PAGE) {
    test(`a ${kind.toLowerCase()} message arrives with its payload`, async () => {
      const from = bob.mark();
      const sent = await alice.send(alice.compose(kind, 'bob', payload));
      const got = await bob.message(it => it.ID === sent.ID, { from });
      assert.equal(got.type, type);
      for (const [name, value] of Object.entries(payload)) assert.equal(got.payload[name], value, name);
    });
  }

  test('a merged message arrives with its title, summary and the messages in it', async () => {
    const from = bob.mark();
    const parts = [await alice.sendText('bob', 'part one'), await alice.sendText('bob', 'part two')];
    const merged = alice.compose('Merger', 'bob', {
      messageList: parts,
      title: 'Our talk',
      abstractList: ['Alice: part one', 'Alice: part two'],
      compatibleText: 'please upgrade',
    });
    const sent = await alice.send(merged);
    const got = await bob.message(it => it.ID === sent.ID, { from });
    assert.equal(got.type, 'TIMRelayElem');
    assert.equal(got.payload.title, 'Our talk');
    assert.deepEqual(got.payload.abstractList, ['Alice: part one', 'Alice: part two']);
    const inside = got.payload.messageList.map(it => [it.from, it.time, it.messageBody[0].payload.text]);
    assert.deepEqual(inside, parts.map(it => ['alice', it.time, it.payload.text]));
  });

  test('a message of the backend arrives as one of the user it names', async () => {
    const from = bob.mark();
    const { MsgTime, MsgKey } = await world.server.send('backend', 'bob', textBody('from the backend'), { CloudCustomData: 'c' });
    const got = await bob.messageWithText('from the backend', { from });
    assert.deepEqual([got.from, got.time, got.flow, got.cloudCustomData], ['backend', MsgTime, 'in', 'c']);
    assert.equal(MsgKey, `${got.sequence}_${got.random}_${got.time}`);
  });

  for (const [type, content, check] of BY_REST) {
    test(`a ${type} of the backend is shown with its payload`, async () => {
      const from = bob.mark();
      await world.server.send('backend', 'bob', [{ MsgType: type, MsgContent: content }]);
      const got = await bob.message(it => it.type === type, { from });
      check(got.payload);
    });
  }

  test('both sides list the conversation with its last message, the receiver counts what is unread', async () => {
    const sent = await alice.sendText('bob', 'the last one');
    for (const [page, peer] of [[alice, 'bob'], [bob, 'alice']]) {
      const last = await until(`${page.user} lists it`, async () => {
        const found = await page.conversation(peer);
        return found?.lastMessage.payload?.text === 'the last one' && found.lastMessage;
      });
      assert.deepEqual([last.fromAccount, last.lastTime], ['alice', sent.time]);
    }
    assert.equal((await alice.conversation('bob')).unreadCount, 0);
    const mine = bob.received().filter(it => it.from === 'alice').length;
    await bob.unread('alice', mine);
  });

  test('a message to an account that does not exist is refused', async () => {
    const message = alice.compose('Text', 'nobody', { text: 'lost' });
    await assert.rejects(alice.send(message), { code: 20003 });
    assert.equal(message.status, 'fail');
  });

  test('a message over the size limit is refused, and the connection goes on', async () => {
    await assert.rejects(alice.sendText('bob', 'y'.repeat(12_300)), { code: 80002 });
    const from = bob.mark();
    await alice.sendText('bob', 'still here');
    await bob.messageWithText('still here', { from });
  });

  test('no frame was of the wrong kind', () => {
    alice.assertFramesAreWellFormed();
    bob.assertFramesAreWellFormed();
  });
});
