// A `magpie` process of its own for one test file: data folder, port, app, and the REST API as an administrator.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeUserSig } from './usersig.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const READY = /magpie: listening on http:\/\/127\.0\.0\.1:(\d+)/;
const SETUP = /http:\/\/127\.0\.0\.1:\d+\/console\/#setup=[\w-]+/;
const START_MS = 10_000;
const STOP_MS = 10_000;
const ADMIN = 'administrator';
/** Below the ports that the system gives to outgoing connections, so that nobody takes ours while it restarts. */
const PORTS = { from: 12_000, count: 18_000 };
const LOG_TAIL_BYTES = 4000;

/** The binary under test: MAGPIE_BIN, else what was built in the checkout, the release build first. */
export function binary() {
  if (process.env.MAGPIE_BIN) return process.env.MAGPIE_BIN;
  const built = ['release', 'debug'].map(it => path.join(HERE, '../../target', it, 'magpie')).filter(it => fs.existsSync(it));
  if (built.length === 0) throw new Error('no magpie binary: run `cargo build --release` or set MAGPIE_BIN');
  return built[0];
}

function isFree(port) {
  return new Promise(resolve => {
    const probe = net.createServer().once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

async function freePort() {
  for (;;) {
    const port = PORTS.from + Math.floor(Math.random() * PORTS.count);
    if (await isFree(port)) return port;
  }
}

export class Server {
  sdkappid = 1_400_000_001;
  key = 'b5b1f6b1d3f0ed2b8f3c4a1e7d9c6a5f8e2d4c7b9a0f1e3d5c6b8a7f9e0d1c2b';
  #process;
  #sent = 0;

  constructor(port) {
    this.port = port;
    this.dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'magpie-sdk-'));
    this.logFile = path.join(this.dataDir, 'server.log');
    // The test may end in any way: the process must not outlive it, and its log is worth reading only after a failure.
    process.once('exit', code => this.#end(code || process.exitCode));
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  }

  /**
   * A running server with one app whose rate limits are off; `settings` are further settings of the app. With `names` it
   * has TLS, too, with their certificate; `more` are further arguments of `magpie serve`.
   */
  static async start(settings = {}, names = undefined, more = []) {
    const server = new Server(await freePort());
    if (names) Object.assign(server, { names, tlsPort: await freePort() });
    server.more = more;
    await server.command('app', 'create', '--secret-key', server.key, '--admin', ADMIN);
    await server.set({ 'limits.enforce': false, ...settings });
    await server.serve();
    return server;
  }

  get socketUrl() {
    return `ws://127.0.0.1:${this.port}`;
  }

  get baseUrl() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Runs `magpie` on the data folder and the app, and returns what it printed. */
  async command(area, action, ...rest) {
    const given = [area, action, '--data-dir', this.dataDir, '--sdkappid', String(this.sdkappid), ...rest];
    const { stdout } = await promisify(execFile)(binary(), given, { timeout: START_MS });
    return stdout.trim();
  }

  /** Changes settings of the app; they are in force when this returns. */
  set(settings) {
    const pairs = Object.entries(settings);
    const text = value => (typeof value === 'string' ? value : JSON.stringify(value));
    return this.command('app', 'set', ...pairs.map(([name, value]) => `${name}=${text(value)}`));
  }

  async serve() {
    const log = fs.openSync(this.logFile, 'a');
    const given = ['serve', '--data-dir', this.dataDir, '--listen', `127.0.0.1:${this.port}`, ...this.more ?? []];
    if (this.names) given.push('--tls-listen', `127.0.0.1:${this.tlsPort}`, '--cert', this.names.cert, '--key', this.names.key);
    const child = spawn(binary(), given, { stdio: ['ignore', 'pipe', log] });
    fs.closeSync(log);
    this.#process = child;
    await new Promise((resolve, reject) => {
      let printed = '';
      const fail = why => reject(new Error(`magpie serve ${why}\n${printed}${this.log()}`));
      const timer = setTimeout(() => fail('was not ready in time'), START_MS);
      child.once('exit', code => fail(`ended with ${code}`));
      child.stdout.on('data', piece => {
        printed += piece;
        fs.appendFileSync(this.logFile, piece);
        if (!READY.test(printed)) return;
        clearTimeout(timer);
        child.removeAllListeners('exit');
        resolve();
      });
    });
  }

  async #stop(signal) {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(STOP_MS) });
    child.kill(signal);
    await ended;
  }

  /** Ends the server as a service manager does. */
  stop() {
    return this.#stop('SIGTERM');
  }

  /** Ends the server without any chance to tidy up. */
  kill9() {
    return this.#stop('SIGKILL');
  }

  async restart() {
    await this.stop();
    await this.serve();
  }

  sig(user, { key = this.key, ...more } = {}) {
    return makeUserSig({ sdkappid: this.sdkappid, key, user, ...more });
  }

  /** Calls a REST command, named as `service/command`, and returns the answer whatever its ErrorCode is. */
  rest(command, body, userSig = this.sig(ADMIN)) {
    const query = new URLSearchParams({
      sdkappid: this.sdkappid,
      identifier: ADMIN,
      usersig: userSig,
      random: Math.floor(Math.random() * 2 ** 32),
      contenttype: 'json',
    });
    return new Promise((resolve, reject) => {
      const target = { host: '127.0.0.1', port: this.port, path: `/v4/${command}?${query}`, method: 'POST', agent: false };
      const call = http.request(target, answer => {
        let text = '';
        answer.setEncoding('utf8').on('data', piece => { text += piece; });
        answer.on('end', () => {
          try {
            resolve(JSON.parse(text));
          } catch {
            reject(new Error(`${command}: HTTP ${answer.statusCode}, no JSON: ${text.slice(0, 200)}`));
          }
        });
      });
      call.on('error', reject);
      call.end(JSON.stringify(body));
    });
  }

  /** Calls a REST command that has to succeed. */
  async ok(command, body) {
    const answer = await this.rest(command, body);
    if (answer.ErrorCode !== 0) throw new Error(`${command}: ${answer.ErrorCode} ${answer.ErrorInfo}`);
    return answer;
  }

  async import(...users) {
    for (const user of users) await this.ok('im_open_login_svc/account_import', { UserID: user });
  }

  /**
   * Sends a message from one user to another by REST. Only the receiver is told, unless `more` says otherwise.
   * Growing MsgSeq keep messages of one second in order.
   */
  send(from, to, body, more = {}) {
    const message = { From_Account: from, To_Account: to, MsgBody: body, MsgSeq: this.#sent += 1 };
    return this.ok('openim/sendmsg', { ...message, MsgRandom: Math.floor(Math.random() * 2 ** 32), ...more });
  }

  /** All that the server has written so far. */
  wholeLog() {
    return fs.existsSync(this.logFile) ? fs.readFileSync(this.logFile, 'utf8') : '';
  }

  /** The end of it. */
  log() {
    return this.wholeLog().slice(-LOG_TAIL_BYTES);
  }

  /** The one-time link to the console, which a server prints until somebody can sign in. */
  setupLink() {
    return this.wholeLog().match(SETUP)?.[0];
  }

  #end(code) {
    this.#process?.kill('SIGKILL');
    if (code) process.stderr.write(`server log (kept in ${this.dataDir}):\n${this.log()}\n`);
    else fs.rmSync(this.dataDir, { recursive: true, force: true });
  }
}
