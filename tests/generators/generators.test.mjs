// The vendor's UserSig generators and ours understand each other. spec/concepts/usersig.md.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Server } from '../sdk/server.mjs';
import { now, readUserSig } from '../sdk/usersig.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
// The packages of the tests are installed beside the SDKs.
const require = createRequire(path.join(HERE, '../sdk/package.json'));
const { Api } = require('tls-sig-api-v2');

const EXPIRE = 86_400;
const USERS = ['administrator', 'alice_01', 'a', 'u'.repeat(32), 'Zoë 你好', 'quo"te\\s'];

const nodeSig = ({ sdkappid, key, user, expire, userbuf }) => {
  const generator = new Api(sdkappid, key);
  return userbuf === undefined ? generator.genUserSig(user, expire) : generator.genSig(user, expire, Buffer.from(userbuf));
};

/** The interpreter that has the packages of requirements.txt; without it the Python generator is skipped. */
const python = process.env.MAGPIE_PYTHON;
const pythonSigs = orders => JSON.parse(execFileSync(python, [path.join(HERE, 'make_usersig.py')], { input: JSON.stringify(orders) }));

const GENERATORS = [
  { name: 'npm tls-sig-api-v2', make: orders => orders.map(nodeSig), skip: false },
  { name: 'PyPI tls-sig-api-v2', make: pythonSigs, skip: python ? false : 'MAGPIE_PYTHON is not set' },
];

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

/** What `magpie usersig verify` says: whether it accepted, and its words. */
async function verify(user, userSig) {
  try {
    return { accepted: true, said: await server.command('usersig', 'verify', '--user', user, userSig) };
  } catch (failure) {
    return { accepted: false, said: `${failure.stdout}${failure.stderr}` };
  }
}

for (const { name, make, skip } of GENERATORS) {
  describe(`UserSigs of ${name}`, { skip }, () => {
    const order = (user, more = {}) => ({ sdkappid: server.sdkappid, key: server.key, user, expire: EXPIRE, ...more });

    test('are accepted by the server for every kind of user id', async () => {
      const sigs = make(USERS.map(user => order(user)));
      for (const [n, user] of USERS.entries()) {
        const { accepted, said } = await verify(user, sigs[n]);
        assert.ok(accepted, `${user}: ${said}`);
      }
    });

    test('with private data in them are accepted too', async () => {
      const [sig] = make([order('alice_01', { userbuf: 'room 42' })]);
      const { accepted, said } = await verify('alice_01', sig);
      assert.ok(accepted, said);
    });

    test('open the REST API to an administrator', async () => {
      const [sig] = make([order('administrator')]);
      const answer = await server.rest('im_open_login_svc/account_import', { UserID: 'made' }, sig);
      assert.equal(answer.ErrorCode, 0, answer.ErrorInfo);
    });

    test('of another key, another user or another app are refused, by the command line and by REST', async () => {
      const cases = [
        [order('administrator', { key: 'f'.repeat(64) }), 70009],
        [order('somebody'), 70013],
        [order('administrator', { sdkappid: 1_499_999_999 }), 70014],
      ];
      const sigs = make(cases.map(([it]) => it));
      for (const [n, [, code]] of cases.entries()) {
        const { accepted, said } = await verify('administrator', sigs[n]);
        assert.equal(accepted, false);
        assert.match(said, new RegExp(String(code)));
        assert.equal((await server.rest('im_open_login_svc/account_check', { CheckItem: [] }, sigs[n])).ErrorCode, code);
      }
    });
  });
}

describe('UserSigs of magpie', () => {
  const make = (user, ...more) => server.command('usersig', 'make', user, ...more);

  test('hold what was asked for, signed by the published rules', async () => {
    for (const user of USERS) {
      const sig = await make(user);
      assert.match(sig, /^[A-Za-z0-9*_-]+$/, 'nothing has to be escaped in a URL');
      const { genuine, time, ...read } = readUserSig(sig, server.key);
      assert.equal(genuine, true);
      assert.ok(Math.abs(time - now()) <= 2);
      assert.deepEqual([read.user, read.sdkappid, read.version], [user, server.sdkappid, '2.0']);
      assert.ok(read.expire >= EXPIRE, 'they live for a day at least');
    }
  });

  test('live as long as they were asked to', async () => {
    assert.equal(readUserSig(await make('alice_01', '--expire', '3600'), server.key).expire, 3600);
  });

  test('open the REST API and are accepted by the own check', async () => {
    const sig = await make('administrator');
    assert.equal((await server.rest('im_open_login_svc/account_import', { UserID: 'made' }, sig)).ErrorCode, 0);
    assert.equal((await verify('administrator', sig)).accepted, true);
  });
});
