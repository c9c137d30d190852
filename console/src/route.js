// Where in the page one is: `#/<sdkappid>/<page>/<part>…?<query>`; the app may be left out.

/** @param {string} hash */
export function parse(hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?');
  let parts = [];
  try {
    parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    parts = [];
  }
  const app = /^\d+$/.test(parts[0] ?? '') ? Number(parts.shift()) : undefined;
  return { app, page: parts.shift() ?? 'overview', parts, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** @param {number | undefined} app @param {string} page @param {(string | number)[]} [parts] @param {Record<string, string>} [query] */
export function href(app, page, parts = [], query = {}) {
  const path = [...(app ? [app] : []), page, ...parts].map((it) => encodeURIComponent(String(it))).join('/');
  const text = new URLSearchParams(query).toString();
  return `#/${path}${text ? `?${text}` : ''}`;
}

/** The token of a one-time link, if the fragment is one. @param {string} hash */
export function setupToken(hash) {
  return /^#setup=([\w-]+)$/.exec(hash)?.[1];
}
