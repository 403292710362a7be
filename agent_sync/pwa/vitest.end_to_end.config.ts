import { defineConfig } from "vitest/config";

// Run by tests/phone/test_phone_for_real.py, which starts a server and says where it is.
export default defineConfig({
  test: { include: ["tests/end_to_end/*.story.ts"], environment: "node", testTimeout: 120_000 },
});
