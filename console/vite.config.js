import vue from '@vitejs/plugin-vue';

/** For `npx vite`: the server whose console API is used. */
const server = process.env.MAGPIE_URL ?? 'http://127.0.0.1:8080';

// Relative URLs, so that the page works behind a path prefix.
export default {
  base: './',
  plugins: [vue()],
  define: { __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false' },
  // Nothing inline: the server's content security policy forbids it.
  build: {
    target: 'es2022',
    license: { fileName: 'licenses.txt' },
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    // The console, and the page of `magpie demo`.
    rolldownOptions: { input: ['index.html', 'demo.html'] },
  },
  server: {
    proxy: {
      '/api': { target: server, changeOrigin: true, rewrite: (path) => `/console${path}`, headers: { Origin: server } },
      '/openapi.json': { target: server, changeOrigin: true },
    },
  },
};
