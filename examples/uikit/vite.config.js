import vue from '@vitejs/plugin-vue';
import { Logger } from 'sass';

/** Where UIKit's pictures are: default avatars, types of groups, emoji. */
const VENDOR = 'https://web.sdk.qcloud.com/';

/** Lets them come from `serve.mjs`, so that the page needs nothing of the internet. */
const ownPictures = {
  name: 'own-pictures',
  enforce: 'pre',
  transform: (code, id) => (id.includes('/@tencentcloud/') && code.includes(VENDOR) ? code.replaceAll(VENDOR, '/pictures/') : undefined),
};

export default {
  plugins: [ownPictures, vue()],
  define: { __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false' },
  // What Sass has to say of UIKit's styles is for its authors.
  css: { preprocessorOptions: { scss: { logger: Logger.silent } } },
  build: { target: 'es2022', chunkSizeWarningLimit: 3500 },
};
