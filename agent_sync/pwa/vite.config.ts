import { defineConfig } from "vitest/config";
import { shell } from "./shell.ts";

// The app is served by the sync server under /agent/. Chromium 100 is the oldest browser it must run on.
export default defineConfig({
  base: "/agent/",
  plugins: [shell()],
  build: {
    outDir: "dist", emptyOutDir: true, target: "chrome100", assetsInlineLimit: 0, modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: "index.html", check: "check.html", sw: "src/sw.ts" },
      output: { entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node", testTimeout: 30_000 },
});
