import { en, zh } from '../i18n/demo.js';
import { texts } from '../i18n/language.js';

export const say = texts({ en, zh });
