/** What an agent reads out at the door: the packet's texts, in one language, with the names filled in. */
import type { PacketView, Sealed } from "./face";
import { opened, type Text } from "./opened";

const ANY = "und"; // a statement in a rulebook's own words, which nobody translates
const MOST_VERSION = 40; // characters, as the wire has it

export class Script {
  private readonly texts: Text[];
  private readonly language: string;
  private readonly names: Record<string, string>;

  constructor(packet: PacketView, language: string, sealed: Sealed | null) {
    const own = opened(packet).texts ?? [];
    const tongues = own.map((each) => each.language).filter((each) => each !== ANY);
    this.language = tongues.includes(language) || !tongues.length ? language : [...tongues].sort()[0]!;
    this.texts = [...own, ...((sealed?.texts as Text[] | undefined) ?? [])];
    this.names = { name: opened(packet).person.name, principal: sealed ? lenderOf(sealed) : "…" };
  }

  find(key: string): Text[] {
    return this.texts.filter((each) => each.key === key && [this.language, ANY].includes(each.language));
  }

  /** The version of what is said, as `step_done` records it. */
  version(key: string): string {
    return this.find(key).map((each) => each.version).join("+").slice(0, MOST_VERSION) || "none";
  }

  /** What to say, a paragraph each. */
  say(key: string): { words: string; language: string }[] {
    return this.find(key).map((each) => ({
      words: each.text.replace(/\{(\w+)\}/g, (whole, name: string) => this.names[name] ?? whole),
      language: each.language,
    }));
  }
}

export const lenderOf = (sealed: Sealed) => String(sealed.lender ?? sealed.creditor ?? "");
