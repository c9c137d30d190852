// The console's page without a browser: its modules that are pure. Run with `node --test tests/console/`.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { ApiError, makeApi, pathOf } from '../../console/src/api.js';
import * as format from '../../console/src/format.js';
import { fill } from '../../console/src/i18n/fill.js';
import en from '../../console/src/i18n/en.js';
import zh from '../../console/src/i18n/zh.js';
import meanings, { expected } from '../../console/src/i18n/settings.zh.js';
import * as demo from '../../console/src/i18n/demo.js';
import { href, parse, setupToken } from '../../console/src/route.js';
import { example, outline } from '../../console/src/schema.js';

const SOURCES = new URL('../../console/src/', import.meta.url);

/** A server that gives these answers one after the other, and what it was asked. */
function server(...answers) {
  const asked = [];
  const fetch = async (url, init = {}) => {
    asked.push({ url, ...init });
    const [status, body, headers] = answers.shift();
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers });
  };
  return { asked, fetch };
}

function sources(folder = SOURCES) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((it) => (it.isDirectory()
    ? sources(new URL(`${it.name}/`, folder))
    : [{ name: it.name, text: readFileSync(new URL(it.name, folder), 'utf8') }]));
}

for (const [page, one, other] of [['console', en, zh], ['demo', demo.en, demo.zh]]) {
  test(`both dictionaries of the ${page} have the same keys, and the same places for values`, () => {
    assert.deepEqual(Object.keys(other).sort(), Object.keys(one).sort());
    const places = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((it) => it[1]).sort();
    for (const key of Object.keys(one)) {
      assert.ok(one[key] && other[key], key);
      assert.deepEqual(places(other[key]), places(one[key]), key);
    }
  });
}

test('every text that the page names is in the dictionaries', () => {
  for (const { name, text } of sources()) {
    for (const [, key] of text.matchAll(/\bt\('([^']+)'/g)) {
      assert.ok(key in en, `${name}: ${key}`);
    }
  }
});

test('every text that the demo names is in its dictionaries, and none is left over', () => {
  const named = sources(new URL('demo/', SOURCES)).flatMap(({ text }) => [...text.matchAll(/'(demo\.[\w.]+)'/g)].map((it) => it[1]));
  const built = [...['c2c', 'group'].map((it) => `demo.talk.${it}`), ...['connecting', 'online', 'away', 'kicked'].map((it) => `demo.${it}`)];
  assert.deepEqual([...new Set([...named, ...built])].sort(), Object.keys(demo.en).sort());
});

test('texts by names of the API are there', () => {
  const pages = readFileSync(new URL('pages.js', SOURCES), 'utf8');
  for (const [, name] of pages.matchAll(/^ {2}(\w+): \{ load/gm)) {
    assert.ok(`page.${name}` in en, name);
  }
  const rules = readFileSync(new URL('../../docs/CONSOLE-API.md', import.meta.url), 'utf8');
  for (const [, code] of rules.matchAll(/^ {2}\| \d{3} \| `(\w+)`/gm)) {
    assert.ok(`error.${code}` in en, code);
  }
  for (const role of ['viewer', 'operator', 'owner']) {
    assert.ok(`role.${role}` in en, role);
  }
  for (const state of ['waiting', 'delivered', 'given-up', 'asked']) {
    assert.ok(`hook.${state}` in en, state);
  }
  for (const state of ['running', 'done', 'failed', 'cancelled', 'stopping']) {
    assert.ok(`work.${state}` in en, state);
  }
  for (const [, kind] of rules.split('## Long work')[1].split('`state`')[0].matchAll(/`(\w+\.\w+)`/g)) {
    assert.ok(`work.${kind}` in en && `work.count.${kind}` in en, kind);
  }
});

test('every setting has a meaning in Chinese, and none is left over', () => {
  const table = readFileSync(new URL('../../crates/chat/src/settings/table.rs', import.meta.url), 'utf8');
  const keys = [...table.matchAll(/, "([a-z0-9_.]+)";$/gm)].map((it) => it[1]);
  assert.ok(keys.length > 100);
  assert.deepEqual(Object.keys(meanings).sort(), keys.sort());
  const rules = readFileSync(new URL('../../crates/chat/src/settings.rs', import.meta.url), 'utf8');
  const wanted = [...rules.matchAll(/(?:EXPECTED: &'static str = |^ {4}[A-Z][\w<>, ]*: )"((?:[^"\\]|\\.)+)"/gm)].map((it) => it[1].replaceAll('\\"', '"'));
  assert.deepEqual(Object.keys(expected).sort(), wanted.sort());
  for (const [key, text] of Object.entries(meanings)) assert.match(text, /[\u4e00-\u9fff]/, key);
});

test('no source is too long, and none needs what the content security policy forbids', () => {
  for (const { name, text } of sources().filter((it) => !['en.js', 'zh.js'].includes(it.name))) {
    assert.ok(text.split('\n').length < 400, name);
    assert.doesNotMatch(text, /\beval\(|new Function|v-html|innerHTML/, name);
  }
});

test('paths are encoded part by part, and empty values of a query are left out', () => {
  assert.equal(pathOf(['apps', 1, 'groups', '@TGS#1']), 'api/apps/1/groups/%40TGS%231');
  assert.equal(pathOf(['apps'], { a: '', b: undefined, c: 'x y&', d: 0 }), 'api/apps?c=x%20y%26&d=0');
});

test('a POST carries the token of the session, a GET does not', async () => {
  const it = server([200, {}], [200, {}], [200, {}]);
  const api = makeApi(it);
  await api.post(['sign-in'], { user: 'a', password: 'b' });
  api.setToken('secret');
  await api.post(['sign-out']);
  await api.get(['apps']);
  assert.equal(it.asked[0].headers['X-Console-Token'], undefined);
  assert.equal(it.asked[1].headers['X-Console-Token'], 'secret');
  assert.equal(it.asked[1].body, '{}');
  assert.equal(it.asked[2].headers, undefined);
});

test('an error keeps its code, its message and when to come again', async () => {
  const it = server([429, { error: { code: 'too_many', message: 'wait' } }, { 'retry-after': '30' }], [502, '<html>']);
  const api = makeApi(it);
  await assert.rejects(api.get(['live']), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.status, error.code, error.message, error.retryAfter], [429, 'too_many', 'wait', 30]);
    return true;
  });
  await assert.rejects(api.get(['live']), { code: 'internal', status: 502 });
});

test('without an answer the error is of the network', async () => {
  const api = makeApi({ fetch: async () => { throw new TypeError('refused'); } });
  await assert.rejects(api.get(['apps']), { code: 'network', message: 'refused' });
});

test('the page is told when the session has ended, and of REST calls', async () => {
  const told = [];
  const it = server([200, { rest: { command: 'a/b', body: {} } }], [401, { error: { code: 'not_signed_in', message: '' } }]);
  const api = makeApi({ ...it, onRest: (rest) => told.push(rest.command), onSignedOut: () => told.push('out') });
  await api.get(['x']);
  await assert.rejects(api.get(['x']), { code: 'not_signed_in' });
  assert.deepEqual(told, ['a/b', 'out']);
});

test('a refused command is an error, also when only one of its items is refused', async () => {
  const it = server(
    [200, { answer: { ActionStatus: 'FAIL', ErrorCode: 10010, ErrorInfo: 'no group' } }],
    [200, { answer: { ActionStatus: 'OK', ErrorCode: 0, ResultItem: [{ ResultCode: 70107, ResultInfo: 'none' }] } }],
    [200, { answer: { ActionStatus: 'OK', ErrorCode: 0, RecallRetList: [{ MsgSeq: 1, RetCode: 10030 }] } }],
    [200, { answer: { ActionStatus: 'OK', ErrorCode: 0, RecallRetList: [{ MsgSeq: 1, RetCode: 0 }] } }],
  );
  const api = makeApi(it);
  await assert.rejects(api.command(1, 'a/b', {}), { code: 'command', number: 10010, message: 'no group' });
  await assert.rejects(api.command(1, 'a/b', {}), { code: 'command', number: 70107 });
  await assert.rejects(api.command(1, 'a/b', {}), { code: 'command', number: 10030 });
  assert.equal((await api.command(1, 'a/b', {})).ErrorCode, 0);
  assert.equal(it.asked[0].url, 'api/apps/1/commands/a/b');
});

test('links go there and back', () => {
  for (const [app, page, parts, query] of [
    [1400000001, 'users', ['a/b#?'], {}], [undefined, 'system', [], {}], [7, 'messages', [], { one: 'x y', other: '#&' }],
  ]) {
    assert.deepEqual(parse(href(app, page, parts, query)), { app, page, parts, query });
  }
  assert.equal(parse('').page, 'overview');
  assert.equal(parse('#/%E0%A4%A').page, 'overview');
  assert.equal(setupToken('#setup=ab-_9'), 'ab-_9');
  assert.equal(setupToken('#/setup=ab'), undefined);
});

test('numbers, sizes and stretches of time', () => {
  assert.equal(format.bytes(0), '0 B');
  assert.equal(format.bytes(1536), '1.5 KiB');
  assert.equal(format.bytes(5 * 1024 ** 5), '5120.0 TiB');
  assert.equal(format.number(1.26), '1.3');
  assert.equal(format.number(undefined), '–');
  assert.equal(format.stretch(0), '0s');
  assert.equal(format.stretch(90061), '1d 1h');
  assert.equal(format.time(0), '');
  assert.equal(format.until(4294967295), '∞');
  assert.match(format.time(1_700_000_000, 'zh'), /2023/);
});

test('a curl line cannot leave its quotes', () => {
  const rest = { command: 'openim/sendmsg', body: { Text: "it's" } };
  const line = format.curl(rest, 'https://chat.example/x', 7, 'a&b');
  assert.ok(line.startsWith(`curl -X POST 'https://chat.example/x/v4/openim/sendmsg?sdkappid=7&identifier=a%26b&usersig='"$USERSIG"'`));
  assert.ok(line.endsWith(`-d '{"Text":"it'\\''s"}'`));
});

test('CSV quotes what it must, and has no formulas', () => {
  assert.equal(format.csv([{ a: 1, b: 'x,"y"' }, { a: -2, c: '=1+1' }]), 'a,b,c\r\n1,"x,""y""",\r\n-2,,\'=1+1\r\n');
});

test('what a message says, in short', () => {
  assert.equal(format.said([{ MsgType: 'TIMTextElem', MsgContent: { Text: 'hi' } }, { MsgType: 'TIMImageElem' }]), 'hi [image]');
  assert.equal(format.said([{ MsgType: 'Other' }]), '[Other]');
  assert.equal(format.said({ Tip: 1 }), '{\n  "Tip": 1\n}');
});

test('a setting gets the kind of value that its default has', () => {
  assert.equal(format.typedValue('5', 'text'), '5');
  assert.equal(format.typedValue(' 5 ', 0), 5);
  assert.deepEqual(format.typedValue('["a"]', []), ['a']);
  assert.throws(() => format.typedValue('', 0), SyntaxError);
  assert.throws(() => format.typedValue('five', 0), SyntaxError);
  assert.throws(() => format.typedValue('{', {}), SyntaxError);
});

test('a contract is shown field by field, and gives a body to begin with', () => {
  const schema = {
    type: 'object',
    required: ['Id', 'List'],
    properties: {
      Id: { type: 'string', description: 'Who.' },
      List: { type: 'array', items: { type: 'object', required: ['N'], properties: { N: { type: 'integer', minimum: 1 }, M: true } } },
      Mode: { enum: ['On', 'Off'] },
    },
  };
  assert.deepEqual(outline(schema).map((it) => [it.name, it.type, it.required, it.depth]), [
    ['Id', 'string', true, 0], ['List', '[object]', true, 0], ['N', 'integer', true, 1], ['M', 'any', false, 1], ['Mode', '"On" | "Off"', false, 0],
  ]);
  assert.deepEqual(example(schema), { Id: '', List: [{ N: 1 }] });
  assert.deepEqual(outline(undefined), []);
  assert.deepEqual(example(undefined), {});
});

test('values are put at their places', () => {
  assert.equal(fill('{a} of {b}', { a: 0 }), '0 of {b}');
});
