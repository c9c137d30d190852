// What the whole page shares.
import { computed, reactive, watchEffect } from 'vue';
import { MessagePlugin } from 'tdesign-vue-next';
import { makeApi } from './api.js';
import { href, parse } from './route.js';
import { t, setLanguage, language } from './i18n/index.js';
import { remember, remembered, rememberedLanguage, rememberedTheme } from './remember.js';

const ROLES = ['viewer', 'operator', 'owner'];

export const state = reactive({
  /** @type {undefined | {user: string, role: string, token: string, expires_at: number}} */
  session: undefined,
  /** @type {any[]} */
  apps: [],
  /** @type {undefined | number} */
  app: undefined,
  /** @type {undefined | {command: string, body: object}} the REST call of what was done last */
  rest: undefined,
  version: '',
  route: parse(location.hash),
  theme: rememberedTheme(),
});

setLanguage(rememberedLanguage());

export const api = makeApi({
  onRest: (it) => (state.rest = it),
  onSignedOut: () => (state.session = undefined),
});

export const theApp = computed(() => state.apps.find((it) => it.sdkappid === state.app));

/** @param {string} role */
export function may(role) {
  return ROLES.indexOf(state.session?.role ?? '') >= ROLES.indexOf(role);
}

/** @param {any} session */
export async function signedIn(session) {
  api.setToken(session.token);
  state.session = session;
  await loadApps().catch(complain);
}

export async function loadApps() {
  state.apps = (await api.get(['apps'])).apps;
  if (!state.apps.some((it) => it.sdkappid === state.app)) {
    const last = Number(remembered('app', '0'));
    state.app = (state.apps.find((it) => it.sdkappid === last) ?? state.apps[0])?.sdkappid;
  }
}

/** The app's long works of these kinds, newest first. @param {string[]} kinds */
export async function worksOf(kinds) {
  return (await api.get(['apps', state.app, 'works'])).works.filter((it) => kinds.includes(it.kind));
}

/** The link of a page, for the app that is chosen. */
export function link(page, parts, query) {
  return href(state.app, page, parts, query);
}

export function go(page, parts, query) {
  location.hash = link(page, parts, query);
}

export function follow() {
  state.route = parse(location.hash);
  state.rest = undefined;
  if (state.route.app) {
    state.app = state.route.app;
  }
}

/** @param {any} error */
export function words(error) {
  if (error instanceof SyntaxError) {
    return `${t('error.syntax')}: ${error.message}`;
  }
  if (error?.code === undefined) {
    return String(error?.message ?? error);
  }
  const known = t(`error.${error.code}`, { code: error.number, seconds: error.retryAfter ?? '?' });
  return error.message ? `${known}: ${error.message}` : known;
}

export function complain(error) {
  MessagePlugin.error({ content: words(error), duration: 8000, closeBtn: true });
}

/** @param {string} text */
export function tell(text) {
  MessagePlugin.success({ content: text, duration: 3000 });
}

/** @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    tell(t('copied'));
  } catch {
    MessagePlugin.warning(t('copy_failed'));
  }
}

/** Has the browser save what an address gives. @param {string} url @param {string} name */
export function save(url, name) {
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
}

/** @param {string} name @param {string} text @param {string} kind */
export function download(name, text, kind = 'text/plain') {
  const url = URL.createObjectURL(new Blob([text], { type: `${kind};charset=utf-8` }));
  save(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

watchEffect(() => {
  document.documentElement.setAttribute('theme-mode', state.theme);
  remember('theme', state.theme);
});
watchEffect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
  remember('language', language.value);
});
watchEffect(() => {
  if (state.app) {
    remember('app', String(state.app));
  }
});
