/** Times as people say them: the same words by however many rows they are asked for. */
import { expect, test, vi } from "vitest";
import { clock, day } from "../../src/moments";
import { loadTexts } from "../../src/texts";

test("a list of thousands makes one format of each kind and language", async () => {
  const real = Intl.DateTimeFormat;
  const made = vi.spyOn(Intl, "DateTimeFormat").mockImplementation(function (...given) { return new real(...given); });
  const [en, zh] = [await loadTexts("en"), await loadTexts("zh")];
  const noon = new Date(2026, 3, 20, 12, 5).getTime();

  const said = [en, zh].flatMap((t) => Array.from({ length: 2000 }, () => `${day(t, noon)} ${clock(t, noon)}`));

  expect(new Set(said).size).toBe(2);
  expect(said[0]).toMatch(/12:05$/);
  expect(made.mock.calls.length).toBe(4);
});
