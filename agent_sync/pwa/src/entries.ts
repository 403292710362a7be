/** What an agent types, held against what it may be: each problem as the sentence that stands under its field. Pure. */
import { localDay, unitsOf } from "./moments";
import type { Texts } from "./texts/en";

/** The names of the sentences of *t* that are sentences alone. */
type Sentence = { [name in keyof Texts]: Texts[name] extends string ? name : never }[keyof Texts];
export type Wrong<Field extends string> = Partial<Record<Field, Sentence>>;

export interface Promised { amount: string; currency: string; due: string }
export interface Meeting { day: string; from: string; to: string }

/** The minor units of an amount that is written in figures; null for anything that could be read in two ways. */
export function amountOf(text: string, currency: string): number | null {
  const units = unitsOf(currency);
  const digits = String(units).length - 1;
  // One or two places after the point, and no more than the currency has: "1,200" could be twelve hundred.
  const [, whole, part = ""] = /^(\d{1,12})(?:[.,](\d{1,2}))?$/.exec(text.trim()) ?? [];
  if (whole === undefined || part.length > digits) return null;
  return Number(whole) * units + Number(part.padEnd(digits, "0"));
}

export function checkPromise({ amount, currency, due }: Promised, nowMs: number): Wrong<keyof Promised> {
  return {
    ...(amountOf(amount, currency) ? {} : { amount: "promiseAmountWrong" }),
    ...(/^[A-Z]{3}$/.test(currency) ? {} : { currency: "currencyWrong" }),
    ...(due >= localDay(nowMs) ? {} : { due: "promiseDueWrong" }),
  };
}

export function checkMeeting({ day, from, to }: Meeting, nowMs: number): Wrong<keyof Meeting> {
  if (!(day >= localDay(nowMs))) return { day: "dayWrong" };
  if (!from) return { from: "timeMissing" };
  if (new Date(`${day}T${from}`).getTime() < nowMs) return { from: "timePast" };
  return from < to ? {} : { to: "appointmentOrder" };
}

/** The number to call of what was typed, "" for none; null where nothing can be called by it. */
export function numberOf(text: string): string | null {
  const number = text.normalize("NFKC").replace(/[\s()./-]/g, "");
  return number === "" || /^\+?[*#]*\d[\d*#]{1,19}$/.test(number) ? number : null;
}

export function checkPin(pin: string, again: string): Wrong<"pin" | "again"> {
  if (!/^\d{6,}$/.test(pin)) return { pin: "pinShort" };
  if (/^(\d)\1+$/.test(pin) || "01234567890".includes(pin) || "09876543210".includes(pin)) return { pin: "pinEasy" };
  return pin === again ? {} : { again: "pinDiffers" };
}
