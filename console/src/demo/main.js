import { createApp } from 'vue';
import Demo from './Demo.vue';
import './demo.css';

createApp(Demo).mount('#app');
