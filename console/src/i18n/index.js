import en from './en.js';
import zh from './zh.js';
import { texts } from './language.js';

export { language, setLanguage } from './language.js';
export const t = texts({ en, zh });
