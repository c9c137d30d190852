// The vendor's host names on this machine: a certificate for them that is made here, and connections that a page means for
// one of them and that end at a Magpie with TLS. Whatever else a page asks for is refused and noted.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';

/** Domains under which the SDKs look for the vendor; an operator's name server has them, too. */
export const DOMAINS = ['im.qcloud.com', 'my-imcloud.com', 'my-cpaas.com', 'im.tencent.cn', 'tim.qq.com', 'web.sdk.qcloud.com',
  'web.sdk.tencent.cn', 'web.sdk.cloud.tencent.cn'];
/** Addresses of the vendor that stand in the SDKs for when a name fails. No name server leads them anywhere else. */
export const ADDRESSES = ['162.14.10.42', '162.14.13.104', '162.14.13.203', '162.14.13.254', '162.14.19.46', '162.14.19.159',
  '162.14.3.17', '43.129.34.169'];
const LOOPBACK = '127.0.0.1';

/** A certificate for these names that is its own authority: the paths of it and of its key, gone when the test ends. */
export function makeCertificate(names) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'magpie-names-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const [cert, key, config] = ['cert.pem', 'key.pem', 'openssl.cnf'].map(it => path.join(folder, it));
  // As a certificate of a server: one of an authority would not be taken from a server.
  fs.writeFileSync(config, `[req]\ndistinguished_name = name\nx509_extensions = server\n[name]\n[server]\n\
basicConstraints = critical,CA:FALSE\nsubjectAltName = ${names.map(it => `DNS:${it}`).join(',')}\n`);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=magpie tests', '-config', config, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { cert, key };
}

export class Names {
  /** Every host that was asked for, in the order of the first time. */
  asked = new Set();
  /** Hosts that are none of the vendor's; they and the vendor's addresses are out of reach. */
  strangers = new Set();

  constructor() {
    Object.assign(this, makeCertificate(DOMAINS.flatMap(it => [it, `*.${it}`])));
    this.ca = fs.readFileSync(this.cert);
  }

  /** Whether a page may reach this host; asking is noted. */
  knows(host) {
    this.asked.add(host);
    const isKnown = DOMAINS.some(it => host === it || host.endsWith(`.${it}`));
    if (!isKnown && !ADDRESSES.includes(host)) this.strangers.add(host);
    return isKnown;
  }

  /** Opens what a page means for `servername`, with its certificate checked, to the server's port on this machine. */
  connection(port, servername) {
    return tls.connect({ host: LOOPBACK, port, servername, ca: this.ca, ALPNProtocols: ['http/1.1'] });
  }

  /** Options of a socket to `url`. */
  socketOptions(port, url) {
    return { createConnection: () => this.connection(port, new URL(url).hostname) };
  }

  /** As fetch, to the server's port. */
  fetch(port, url, { method = 'GET', headers = {}, body } = {}) {
    const { hostname, pathname, search } = new URL(url);
    return new Promise((resolve, reject) => {
      const target = { method, path: pathname + search, headers: { ...headers, Host: hostname }, agent: false };
      const request = https.request({ ...target, createConnection: () => this.connection(port, hostname) }, async answer => {
        const bytes = Buffer.concat(await answer.toArray());
        const { statusCode: status, statusMessage: statusText } = answer;
        const shown = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
        const bodyless = [204, 304].includes(status);
        resolve(new Response(bodyless ? null : bytes, { status, statusText, headers: shown }));
      });
      request.on('error', reject);
      request.end(typeof body === 'string' ? body : undefined);
    });
  }
}
