// One page with one SDK instance: what it was told (events), what it sent and got (frames), and short forms of
// the calls that most tests need.
import assert from 'node:assert/strict';
import { loadSdk } from './browser.mjs';
import { until } from './poll.mjs';

const WAIT_MS = 10_000;
/** No request for this long means that the SDK has finished what it does after a login. */
const QUIET_MS = 1000;
/** Requests that the SDK sends at any time, without a cause in the test. */
const BACKGROUND = ['heartbeat.alive', 'im_open_status.wshello', 'imopenstat.tim_web_report_v2', 'openim.ws_msg_push_ack'];

/** Without the answers to these the SDK has no conversations, no unread counts and no configuration. */
const FIRST_SYNC = ['recentcontact.page_get', 'openim.getmsg', 'im_sdk_config_mgr.fetch_config'];

export const c2c = user => `C2C${user}`;
export const textBody = text => [{ MsgType: 'TIMTextElem', MsgContent: { Text: text } }];

export class Client {
  events = [];
  #waiting = new Set();

  constructor({ server, packageName, devMode = false, options = () => ({}) }) {
    this.server = server;
    const log = process.env.SDK_LOG ? line => process.stderr.write(`[${this.user ?? '-'}] ${line}\n`) : undefined;
    const { names, tlsPort } = server;
    this.page = loadSdk(packageName, { log, names, tlsPort });
    this.SDK = this.page.SDK;
    this.wire = this.page.wire;
    // A server that is found by the vendor's names needs no proxy.
    const proxy = names ? {} : { proxyServer: server.socketUrl };
    this.chat = this.SDK.create({ SDKAppID: server.sdkappid, ...proxy, devMode, ...options(server, this.page) });
    this.chat.setLogLevel(log ? 0 : 4);
    for (const [name, value] of Object.entries(this.SDK.EVENT)) {
      this.chat.on(value, event => {
        this.events.push({ name, data: event.data });
        this.#waiting.forEach(look => look());
      });
    }
  }

  /** A place in the list of events; `wait(…, { from })` looks only behind it. */
  mark() {
    return this.events.length;
  }

  /** What `pick` finds in the data of an event called `name`; `true` stands for the data itself. */
  wait(name, pick = () => true, { from = 0, ms = WAIT_MS } = {}) {
    return new Promise((resolve, reject) => {
      const finish = (settle, value) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        settle(value);
      };
      const look = () => {
        for (const event of this.events.slice(from)) {
          const found = event.name === name && pick(event.data);
          if (found) return finish(resolve, found === true ? event.data : found);
        }
      };
      const timer = setTimeout(() => {
        const seen = [...new Set(this.events.slice(from).map(it => it.name))].join(', ') || 'nothing';
        finish(reject, new Error(`${this.user}: no such ${name} within ${ms} ms; there was: ${seen}`));
      }, ms);
      this.#waiting.add(look);
      look();
    });
  }

  /** All data of the events called `name` since `from`. */
  all(name, from = 0) {
    return this.events.slice(from).filter(it => it.name === name).map(it => it.data);
  }

  async login(user, userSig = this.server.sig(user)) {
    const from = this.mark();
    this.user = user;
    const answer = await this.chat.login({ userID: user, userSig });
    await this.wait('SDK_READY', undefined, { from });
    return answer;
  }

  /** Messages of MESSAGE_RECEIVED in the order in which they came. */
  received(from = 0) {
    return this.all('MESSAGE_RECEIVED', from).flat();
  }

  /** The first received message that `pick` accepts. */
  message(pick, options) {
    return this.wait('MESSAGE_RECEIVED', list => list.find(pick), options);
  }

  messageWithText(text, options) {
    return this.message(it => it.payload?.text === text, options);
  }

  compose(kind, to, payload, more = {}) {
    return this.chat[`create${kind}Message`]({ to, conversationType: this.SDK.TYPES.CONV_C2C, payload, ...more });
  }

  async send(message, options) {
    const { data } = await this.chat.sendMessage(message, options);
    return data.message;
  }

  sendText(to, text, { options, ...more } = {}) {
    return this.send(this.compose('Text', to, { text }, more), options);
  }

  async history(peer, nextReqMessageID) {
    const { data } = await this.chat.getMessageList({ conversationID: c2c(peer), nextReqMessageID });
    return data;
  }

  async conversations() {
    const { data } = await this.chat.getConversationList();
    return data.conversationList;
  }

  async conversation(peer) {
    return (await this.conversations()).find(it => it.conversationID === c2c(peer));
  }

  /** The conversation with `peer` as soon as it has `count` unread messages. */
  unread(peer, count) {
    return until(`${this.user} has ${count} unread from ${peer}`, async () => {
      const found = await this.conversation(peer);
      return (found?.unreadCount ?? 0) === count && (found ?? true);
    });
  }

  /** Requests other than background ones, as `{ command, body, at }`. */
  requests() {
    return this.wire.sent
      .filter(it => !BACKGROUND.includes(it.head.servcmd))
      .map(it => ({ command: it.head.servcmd, seq: it.head.seq, body: it.body, at: it.at }));
  }

  /** The answer to a request, as a body. */
  answer({ command, seq }) {
    return this.wire.received.find(it => it.head.servcmd === command && it.head.seq === seq)?.body;
  }

  /** The answer to a command that the page is made to send past its SDK, over its newest socket. */
  async ask(command, body) {
    const { head } = this.wire.sent.findLast(it => it.head.a2);
    const seq = 1_000_000_000 + this.wire.sent.length;
    this.wire.sockets.at(-1).send(Buffer.from(JSON.stringify({ head: { ...head, servcmd: command, seq }, body })));
    return until(`${this.user}: an answer to ${command}`, () => this.answer({ command, seq }));
  }

  /** Requests from the newest login on; older ones may have been lost with their connection. */
  #sinceLogin() {
    const all = this.requests();
    return all.slice(all.findLastIndex(it => it.command === 'im_open_status.wslogin'));
  }

  /** Waits until the SDK has nothing more to ask, and every question has its answer. */
  async quiet() {
    await until(`${this.user}: the SDK stops asking`, () => {
      const asked = this.#sinceLogin();
      return Date.now() - (asked.at(-1)?.at ?? 0) > QUIET_MS && asked.every(it => this.answer(it));
    }, 2 * WAIT_MS);
  }

  /** Waits until the lists that the SDK reads after a login are there. */
  synced() {
    return until(`${this.user}: first synchronisation`, () => {
      const asked = this.#sinceLogin();
      return FIRST_SYNC.every(name => asked.some(it => it.command === name && this.answer(it)));
    });
  }

  assertFramesAreWellFormed() {
    assert.deepEqual(this.wire.faults, []);
    for (const { head, body } of this.wire.received) {
      assert.equal(typeof head?.servcmd, 'string', 'every frame names its command');
      assert.ok(body && typeof body === 'object' && !Array.isArray(body), `${head.servcmd}: body is an object`);
    }
  }
}
