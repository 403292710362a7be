import { defineConfig } from "vitest/config";

// The app is served by the sync server under /agent/. Chromium 100 is the oldest browser it must run on.
export default defineConfig({
  base: "/agent/",
  // The core by itself, until the screens bring index.html.
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "chrome100",
    modulePreload: { polyfill: false },
    rolldownOptions: { input: "src/device.ts" },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node", testTimeout: 30_000 },
});
