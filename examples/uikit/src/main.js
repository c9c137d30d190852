import { createApp } from 'vue';
import { TUIChatKit, TUIComponents } from '@tencentcloud/chat-uikit-vue';
import App from './App.vue';
import './page.css';

const app = createApp(App);
TUIChatKit.components(TUIComponents, app);
app.mount('#app');
