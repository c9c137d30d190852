// A magpie with two people, and the built page beside it on loopback. `start.mjs` and the test use it.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { picture } from './pictures.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DIST = path.join(HERE, 'dist');
const READY = /magpie: listening on (http:\/\/127\.0\.0\.1:\d+)/;
const START_MS = 20_000;
const ADMIN = 'administrator';
/**
 * The SDK refuses its own page more than 8 of these a second, and UIKit asks for more while it opens a new group: Magpie's
 * answers are so fast that all of them fall into one second. Opening would fail, so the limit of the SDK is raised.
 */
const CLOUD_KEYS = {
  evt_rpt_waiting: '10000',
  cmd_frequency_limit: JSON.stringify([{ cmd: 'get_group_self_member_info', interval: 1, count: 50 }]),
};
export const PEOPLE = ['alice', 'bob'];
const KINDS = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.png': 'image/png', '.gif': 'image/gif' };

function binary() {
  const built = ['release', 'debug'].map(it => path.join(HERE, '../../target', it, 'magpie'));
  const found = [process.env.MAGPIE_BIN, ...built].find(it => it && existsSync(it));
  if (!found) throw new Error('no magpie: run `cargo build --release` or set MAGPIE_BIN');
  return found;
}

/** A server with a data folder that lasts as long as it does. */
export class Magpie {
  #folder = mkdtempSync(path.join(os.tmpdir(), 'magpie-uikit-'));
  #process;

  async start() {
    this.#process = spawn(binary(), ['serve', '--data-dir', this.#folder, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] });
    // However this process ends, the server does not outlive it.
    process.once('exit', () => this.#end());
    this.url = await new Promise((resolve, reject) => {
      let said = '';
      const timer = setTimeout(() => reject(new Error(`magpie was not ready in time\n${said}`)), START_MS);
      this.#process.once('exit', code => reject(new Error(`magpie ended with ${code}\n${said}`)));
      this.#process.stderr.on('data', piece => { said = (said + piece).slice(-4000); });
      this.#process.stdout.on('data', piece => {
        said = (said + piece).slice(-4000);
        const ready = READY.exec(said);
        if (!ready) return;
        clearTimeout(timer);
        resolve(ready[1]);
      });
    });
    this.SDKAppID = Number(/\b\d{10}\b/.exec(await this.#command('app', 'list'))?.[0]);
    await this.#command('app', 'set', `cloud.keys=${JSON.stringify(CLOUD_KEYS)}`);
    return this;
  }

  /** Makes the people, friends of each other. Their pictures are the page's. */
  async invite(page) {
    // UIKit's list of conversations shows pictures of named hosts only; browsers take `*.localhost` for this machine.
    const pictures = `http://pictures.localhost:${new URL(page).port}/pictures/face`;
    for (const user of PEOPLE) {
      const Nick = user[0].toUpperCase() + user.slice(1);
      await this.rest('im_open_login_svc/account_import', { UserID: user, Nick, FaceUrl: `${pictures}/${user}.svg` });
    }
    const [first, ...others] = PEOPLE;
    const AddFriendItem = others.map(it => ({ To_Account: it, AddSource: 'AddSource_Type_Example' }));
    await this.rest('sns/friend_add', { From_Account: first, AddFriendItem, AddType: 'Add_Type_Both', ForceAddFlags: 1 });
  }

  async #command(...words) {
    return (await promisify(execFile)(binary(), [...words, '--data-dir', this.#folder], { timeout: START_MS })).stdout.trim();
  }

  userSig(user) {
    return this.#command('usersig', 'make', user);
  }

  /** A REST command that has to succeed. */
  async rest(command, body) {
    const query = new URLSearchParams({ sdkappid: this.SDKAppID, identifier: ADMIN, usersig: await this.userSig(ADMIN), random: 1, contenttype: 'json' });
    const answer = await (await fetch(`${this.url}/v4/${command}?${query}`, { method: 'POST', body: JSON.stringify(body) })).json();
    if (answer.ErrorCode !== 0) throw new Error(`${command}: ${answer.ErrorCode} ${answer.ErrorInfo}`);
    return answer;
  }

  async stop() {
    if (this.#process && this.#process.exitCode === null) {
      this.#process.kill('SIGTERM');
      await once(this.#process, 'exit');
    }
    this.#end();
  }

  #end() {
    this.#process?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function file(response, name) {
  const found = path.join(DIST, path.normalize(`/${name}`));
  if (!statSync(found, { throwIfNoEntry: false })?.isFile()) return response.writeHead(404).end('not found\n');
  return response.writeHead(200, { 'Content-Type': KINDS[path.extname(found)] ?? 'application/octet-stream' }).end(readFileSync(found));
}

/**
 * The page's server on loopback. `login(user)` gives what the page asks for: SDKAppID, the server's address and, for
 * people it makes one for, a UserSig.
 */
export async function servePage(login, port = 0) {
  const server = http.createServer(async (request, response) => {
    try {
      const { pathname, searchParams } = new URL(request.url, 'http://page');
      // A page of another name that resolves to this machine must not get anybody's UserSig.
      if (!/^(127\.0\.0\.1|([a-z]+\.)?localhost)(:\d+)?$/.test(request.headers.host ?? '')) return response.writeHead(403).end('only by 127.0.0.1\n');
      if (pathname === '/login') {
        const answer = JSON.stringify(await login(searchParams.get('user') ?? ''));
        return response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(answer);
      }
      if (pathname.startsWith('/pictures/')) {
        return response.writeHead(200, { 'Content-Type': KINDS['.svg'] }).end(picture(pathname.slice('/pictures/'.length)));
      }
      return file(response, pathname === '/' ? 'index.html' : decodeURIComponent(pathname));
    } catch (error) {
      return response.writeHead(500).end(`${error.message}\n`);
    }
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); } };
}
