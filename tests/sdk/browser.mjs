// Loads a copy of an unmodified SDK package with the smallest browser-like surroundings it needs under Node.
//
// Every copy has its own window, storage, timers and sockets, so several users can live in one process and
// everything that a copy started can be ended with `close()`.
import fs from 'node:fs';
import vm from 'node:vm';
import zlib from 'node:zlib';
import { createRequire } from 'node:module';
import { WebSocket } from 'ws';

const require = createRequire(import.meta.url);
/** An address that refuses connections. */
const NOBODY = 'ws://127.0.0.1:1';
const CONSOLE = ['log', 'info', 'warn', 'error', 'debug', 'dir', 'trace', 'group', 'groupEnd', 'groupCollapsed', 'table',
  'assert', 'clear', 'count', 'dirxml', 'profile', 'profileEnd', 'time', 'timeEnd', 'timeStamp'];

/** A frame of the server as an object. Compressed ones start with `COMP` (spec/client/transport.md 2). */
function decode(bytes) {
  const compressed = bytes.subarray(0, 4).toString('latin1') === 'COMP';
  return JSON.parse((compressed ? zlib.unzipSync(bytes.subarray(4)) : bytes).toString('utf8'));
}

/** Notes what passes over the sockets of one copy. */
class Wire {
  sockets = [];
  sent = [];
  received = [];
  /** Frames that came as text on a binary connection or the other way round, or that could not be read. */
  faults = [];
  /** While true every new connection is refused. */
  down = false;
  /** While true what the server sends is lost. */
  deaf = false;

  /** `reach` leads a URL to a server: `{ url, options }`, or nothing when there is no way. */
  constructor(reach) {
    this.reach = reach;
  }

  socketClass() {
    const wire = this;
    return class extends WebSocket {
      constructor(url, protocols) {
        const way = wire.down ? undefined : wire.reach(url);
        super(way ? url : NOBODY, protocols, way?.options);
        const binaryPath = new URL(url).pathname.endsWith('/binfo');
        wire.sockets.push(this);
        super.on('error', () => {}); // the SDK sees it through onerror; without a listener Node would end the process
        super.on('message', (data, isBinary) => {
          const bytes = Buffer.from(data);
          if (isBinary !== binaryPath) wire.faults.push(`wrong kind of frame: ${bytes.subarray(0, 120)}`);
          try {
            wire.received.push({ at: Date.now(), ...decode(bytes) });
          } catch (cause) {
            wire.faults.push(`unreadable frame (${cause.message}): ${bytes.subarray(0, 120).toString('latin1')}`);
          }
        });
      }

      emit(name, ...given) {
        return name === 'message' && wire.deaf ? false : super.emit(name, ...given);
      }

      send(data) {
        wire.sent.push({ at: Date.now(), binary: typeof data !== 'string', ...JSON.parse(Buffer.from(data).toString('utf8')) });
        if (this.readyState === WebSocket.OPEN) super.send(data);
      }
    };
  }
}

/** Timers that can all be stopped, whatever the SDK left running. */
function timers() {
  const running = new Set();
  let stopped = false;
  const wrap = start => (run, ms, ...rest) => {
    // What is begun on the way out is never done.
    if (stopped) return undefined;
    const timer = start((...given) => { if (start === setTimeout) running.delete(timer); run(...given); }, ms, ...rest);
    running.add(timer);
    return timer;
  };
  const drop = stop => timer => { running.delete(timer); stop(timer); };
  return {
    scope: {
      setTimeout: wrap(setTimeout),
      setInterval: wrap(setInterval),
      clearTimeout: drop(clearTimeout),
      clearInterval: drop(clearInterval),
    },
    stop() {
      stopped = true;
      running.forEach(it => { clearTimeout(it); clearInterval(it); });
    },
  };
}

function storage() {
  const values = new Map();
  return {
    getItem: key => values.get(key) ?? null,
    setItem: (key, value) => values.set(key, String(value)),
    removeItem: key => values.delete(key),
    clear: () => values.clear(),
  };
}

/** A picture that a page loads: it gets its size from the head of a PNG. */
class Image {
  set src(url) {
    const load = async () => {
      const answer = await fetch(url);
      const head = Buffer.from(await answer.arrayBuffer());
      if (!answer.ok || head.toString('latin1', 1, 4) !== 'PNG') throw new Error(`${url} is no picture`);
      [this.width, this.height] = [head.readUInt32BE(16), head.readUInt32BE(20)];
    };
    load().then(() => this.onload?.(), () => this.onerror?.());
  }
}

/** As much of the browser's class as uploads need. `reach` says how a URL is fetched, and throws where there is no way. */
const requestClass = reach => class XMLHttpRequest {
  upload = {};
  status = 0;
  statusText = '';
  responseText = '';
  #headers = {};
  #answered = '';

  open(method, url) {
    Object.assign(this, { method, url });
  }

  setRequestHeader(name, value) {
    this.#headers[name] = value;
  }

  getAllResponseHeaders() {
    return this.#answered;
  }

  abort() {}

  async send(body) {
    try {
      const answer = await reach(this.url, { method: this.method, headers: this.#headers, body });
      this.responseText = await answer.text();
      this.#answered = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join('\r\n');
      this.upload.onprogress?.({ total: body?.size, loaded: body?.size });
      [this.status, this.statusText] = [answer.status, answer.statusText];
      this.onload?.();
    } catch (error) {
      this.onerror?.(error);
    }
  }
};

/** Without other names only this machine can be reached: an SDK with a proxy looks for others all the same. */
const LOCAL = {
  socket: url => (new URL(url).hostname === '127.0.0.1' ? { options: {} } : undefined),
  fetch(url, options) {
    if (new URL(url).hostname !== '127.0.0.1') throw new Error(`${url} is out of reach`);
    return fetch(url, options);
  },
};

/** The vendor's names lead to the server's port for TLS, this machine's address to itself, and everything else nowhere. */
const named = (names, port) => ({
  socket: url => (names.knows(new URL(url).hostname) ? { options: names.socketOptions(port, url) } : undefined),
  fetch(url, options) {
    if (new URL(url).hostname === '127.0.0.1') return fetch(url, options);
    if (!names.knows(new URL(url).hostname)) throw new Error(`${url} is out of reach`);
    return names.fetch(port, url, options);
  },
});

/** What a page selects files with; tests give the file itself. */
class HTMLInputElement {}

/**
 * A fresh copy of `packageName`: its exports as `SDK`, and what passes over its sockets as `wire`. With `names` the page finds
 * the server at `tlsPort` under the vendor's names.
 */
export function loadSdk(packageName, { log, names, tlsPort } = {}) {
  const reach = names ? named(names, tlsPort) : LOCAL;
  const wire = new Wire(reach.socket);
  const clock = timers();
  const listeners = new Map();
  const navigator = { userAgent: 'Mozilla/5.0 (X11; Linux x86_64)', cookieEnabled: true, onLine: true };
  // Nobody hides this page, so its events never come.
  const document = {
    charset: 'UTF-8',
    characterSet: 'UTF-8',
    hidden: false,
    visibilityState: 'visible',
    addEventListener() {},
    removeEventListener() {},
  };
  const localStorage = storage();
  const window = {
    navigator,
    document,
    localStorage,
    performance: {},
    URL,
    location: { href: 'http://localhost/', protocol: 'http:' },
    WebSocket: wire.socketClass(),
    addEventListener: (name, run) => listeners.set(name, [...listeners.get(name) ?? [], run]),
    removeEventListener: (name, run) => listeners.set(name, (listeners.get(name) ?? []).filter(it => it !== run)),
  };
  const print = log ? (...words) => log(words.join(' ').replaceAll('%c', '')) : () => {};
  const scope = {
    window,
    navigator,
    document,
    localStorage,
    WebSocket: window.WebSocket,
    Worker: undefined,
    HTMLInputElement,
    Image,
    XMLHttpRequest: requestClass(reach.fetch),
    fetch: async (url, options) => reach.fetch(String(url), options),
    self: undefined,
    global: undefined,
    console: Object.fromEntries(CONSOLE.map(name => [name, print])),
    ...clock.scope,
  };
  const parameters = Object.keys(scope);
  const load = name => {
    const file = require.resolve(name);
    // The wrapper that require() puts around a file, with the names of the browser as further parameters.
    // Files for bundlers have one export, which is put where require() looks for it.
    const text = fs.readFileSync(file, 'utf8').replace(/export\s*\{\s*(\w+) as default\s*\};?\s*$/, 'module.exports=$1;');
    const source = `(function(module,exports,require,${parameters.join(',')}){${text}\n})`;
    const module = { exports: {} };
    vm.runInThisContext(source, { filename: file })(module, module.exports, require, ...parameters.map(it => scope[it]));
    return module.exports;
  };
  const fire = name => (listeners.get(name) ?? []).forEach(run => run());
  const cut = () => wire.sockets.forEach(it => it.terminate());
  return {
    SDK: load(packageName),
    /** Another package of the vendor in the same page. */
    load,
    wire,
    /** Breaks the connection as a failing network does; the SDK may connect again at once. */
    cut,
    /** The machine loses its network: the browser says so, and nothing can be reached until `online()`. */
    offline() {
      wire.down = true;
      navigator.onLine = false;
      fire('offline');
      cut();
    },
    online() {
      wire.down = false;
      navigator.onLine = true;
      fire('online');
    },
    close() {
      clock.stop();
      wire.down = true;
      cut();
    },
  };
}
