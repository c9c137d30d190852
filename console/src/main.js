import { createApp } from 'vue';
import {
  Alert, Button, Card, Checkbox, ConfigProvider, Dialog, Input, Option, Select, Switch, TabPanel, Table, Tabs, Tag, Textarea,
} from 'tdesign-vue-next';
import 'tdesign-vue-next/es/style/index.css';
import './style.css';
import App from './App.vue';
import Act from './parts/Act.vue';
import Facts from './parts/Facts.vue';
import ListEnd from './parts/ListEnd.vue';
import Trouble from './parts/Trouble.vue';
import Works from './parts/Works.vue';
import { t } from './i18n/index.js';
import { complain, follow, link } from './state.js';

const app = createApp(App);
for (const it of [
  Alert, Button, Card, Checkbox, ConfigProvider, Dialog, Input, Option, Select, Switch, TabPanel, Table, Tabs, Tag, Textarea,
]) {
  app.use(it);
}
app.component('Act', Act).component('Facts', Facts).component('ListEnd', ListEnd).component('Trouble', Trouble).component('Works', Works);
app.config.globalProperties.t = t;
app.config.globalProperties.link = link;
app.config.errorHandler = (error) => {
  console.error(error);
  complain(error);
};
addEventListener('hashchange', follow);
follow();
app.mount('#app');

/** What is wider than its place must be reached by keyboard, too; the library's tables are not. */
const reach = () => document.querySelectorAll('.t-table__content:not([tabindex])').forEach((it) => it.setAttribute('tabindex', '0'));
new MutationObserver(reach).observe(document.body, { childList: true, subtree: true });
