// The pages: each is loaded when it is shown first.

/** @type {Record<string, {load: () => Promise<any>, role: string, app: boolean}>} */
export const PAGES = {
  overview: { load: () => import('./pages/Overview.vue'), role: 'viewer', app: false },
  apps: { load: () => import('./pages/Apps.vue'), role: 'viewer', app: false },
  settings: { load: () => import('./pages/Settings.vue'), role: 'viewer', app: true },
  users: { load: () => import('./pages/Users.vue'), role: 'viewer', app: true },
  groups: { load: () => import('./pages/Groups.vue'), role: 'viewer', app: true },
  messages: { load: () => import('./pages/Messages.vue'), role: 'viewer', app: true },
  webhooks: { load: () => import('./pages/Webhooks.vue'), role: 'viewer', app: true },
  statistics: { load: () => import('./pages/Statistics.vue'), role: 'viewer', app: true },
  explorer: { load: () => import('./pages/Explorer.vue'), role: 'viewer', app: true },
  usersig: { load: () => import('./pages/UserSig.vue'), role: 'viewer', app: true },
  limits: { load: () => import('./pages/Limits.vue'), role: 'viewer', app: true },
  system: { load: () => import('./pages/System.vue'), role: 'viewer', app: false },
  audit: { load: () => import('./pages/Audit.vue'), role: 'operator', app: false },
  operators: { load: () => import('./pages/Operators.vue'), role: 'owner', app: false },
  account: { load: () => import('./pages/Account.vue'), role: 'viewer', app: false },
};

/** Pages about one thing, by the page that its link is of. */
export const DETAILS = {
  users: () => import('./pages/User.vue'),
  groups: () => import('./pages/Group.vue'),
};
