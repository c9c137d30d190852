// Login tokens made by the rules of spec/concepts/usersig.md 2, independent of the server's own code.
import crypto from 'node:crypto';
import zlib from 'node:zlib';

const toUrl = text => text.replaceAll('+', '*').replaceAll('/', '-').replaceAll('=', '_');
const fromUrl = text => text.replaceAll('*', '+').replaceAll('-', '/').replaceAll('_', '=');

export const now = () => Math.floor(Date.now() / 1000);

function signature({ sdkappid, key, user, time, expire, userbuf }) {
  const content = `TLS.identifier:${user}\nTLS.sdkappid:${sdkappid}\nTLS.time:${time}\nTLS.expire:${expire}\n`
    + (userbuf === undefined ? '' : `TLS.userbuf:${userbuf}\n`);
  return crypto.createHmac('sha256', key).update(content).digest('base64');
}

/** A token for `user`; `time` and `expire` are in seconds. */
export function makeUserSig({ sdkappid, key, user, time = now(), expire = 86400 }) {
  const payload = {
    'TLS.ver': '2.0',
    'TLS.identifier': user,
    'TLS.sdkappid': sdkappid,
    'TLS.time': time,
    'TLS.expire': expire,
    'TLS.sig': signature({ sdkappid, key, user, time, expire }),
  };
  return toUrl(zlib.deflateSync(JSON.stringify(payload)).toString('base64'));
}

/** The members of a token, and whether the signature over them was made with `key`. */
export function readUserSig(text, key) {
  const payload = JSON.parse(zlib.inflateSync(Buffer.from(fromUrl(text), 'base64')).toString('utf8'));
  const fields = {
    user: payload['TLS.identifier'],
    sdkappid: payload['TLS.sdkappid'],
    time: payload['TLS.time'],
    expire: payload['TLS.expire'],
    userbuf: payload['TLS.userbuf'],
  };
  return { ...fields, version: payload['TLS.ver'], genuine: payload['TLS.sig'] === signature({ ...fields, key }) };
}
