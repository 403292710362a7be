/** The words of one language are loaded, not both. */
import type { Language } from "../face";
import type { Texts } from "./en";

export async function loadTexts(language: Language): Promise<Texts> {
  return language === "zh" ? (await import("./zh")).texts : (await import("./en")).texts;
}
