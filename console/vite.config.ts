import { defineConfig } from 'vite';

// Relative addresses, so that the pages work behind any path of a proxy. `npm run dev` asks a daemon on this machine.
export default defineConfig({
  base: './',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    target: 'es2022',
    modulePreload: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 200,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8025', '/health': 'http://127.0.0.1:8025' } },
});
